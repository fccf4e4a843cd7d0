/**
 * What OpenCode 1.18 looks for in the text of a failed model call: on a hit it sends the whole step again by itself, up to
 * five times with waits of 2 to 30 s, behind the text that was already shown. Read in its bundle (`SessionRetry`); the
 * numbers are matched anywhere, in a port too.
 */
const HOST_RETRIES: readonly RegExp[] = [
  /429|500|502|503|504|524/i,
  /rate increased too quickly|rate limit|rate-limit|rate_limit|too many requests|too_many_requests/i,
  /overloaded|service[ _-]unavailable|internal[ _](?:server )?error|server[ _-]error|provider[ _-]returned[ _-]error/i,
  /terminated|fetch failed|failed to fetch|network[-_\s]error|upstream connect|connection (?:error|refused|lost)/i,
  /socket connection was closed|socket hang up|reset before headers|getaddrinfo|enotfound|eai_again|econn|etimedout/i,
  /^timeout$|\b(?:request|response|connection|network|stream|read) (?:timeout|timed out|time out)\b/i,
  /try your request again|retry your request|resource exhausted|resource_exhausted|exhausted|unavailable/i,
  /\btry again (?:later|in\b)|\b(?:currently|temporarily) at capacity\b/i,
];

/** Whether the host would try a model call again by itself because of the words of its error. */
export function hostWouldRetry(text: string): boolean {
  return HOST_RETRIES.some((pattern) => pattern.test(text));
}

/**
 * The error text for a request that is given up for good: the gate has tried again as often as it may, and the swarm
 * decides now.
 *
 * @param full with all that is known; @param short without words from outside, for where the host would misread them
 */
export function finalWords(full: string, short: string): string {
  return hostWouldRetry(full) ? short : full;
}
