import { readUsageEndpoint } from "../../core/routing/limits/claude.ts";
import { readGeminiQuota } from "../../core/routing/limits/gemini.ts";
import type { LimitReading } from "../../core/routing/limits/window.ts";
import { readZaiQuota } from "../../core/routing/limits/zai.ts";
import { messageOf } from "../../ports/thrown.ts";
import { withinTime } from "../../ports/timeLimit.ts";

/** An endpoint that tells limits, and how to ask it. Credentials are handed in; none is read, refreshed or written here. */
export interface LimitEndpoint {
  provider: string;
  url: string;
  /** Name of the environment variable that holds the credential. */
  variable: string;
  request(credential: string): RequestInit;
  read(body: unknown, now: number): LimitReading;
}

/** Undocumented, so it is the last source; it wants to be asked by Claude Code (the version does not matter). */
const CLAUDE_USAGE: LimitEndpoint = {
  provider: "claude",
  url: "https://api.anthropic.com/api/oauth/usage",
  variable: "CLAUDE_CODE_OAUTH_TOKEN",
  request: (token) => ({
    headers: {
      authorization: `Bearer ${token}`,
      "anthropic-beta": "oauth-2025-04-20",
      "user-agent": "claude-code/2.1.197",
    },
  }),
  read: readUsageEndpoint,
};

const GEMINI_QUOTA: LimitEndpoint = {
  provider: "gemini",
  url: "https://cloudcode-pa.googleapis.com/v1internal:retrieveUserQuota",
  variable: "GEMINI_OAUTH_TOKEN",
  request: (token) => ({
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: "{}",
  }),
  read: readGeminiQuota,
};

const ZAI_QUOTA: LimitEndpoint = {
  provider: "zai",
  url: "https://api.z.ai/api/monitor/usage/quota/limit",
  variable: "ZAI_API_KEY",
  request: (key) => ({ headers: { authorization: key } }),
  read: readZaiQuota,
};

export const LIMIT_ENDPOINTS: readonly LimitEndpoint[] = [CLAUDE_USAGE, GEMINI_QUOTA, ZAI_QUOTA];

const LIMIT_MS = 10_000;

/**
 * Asks one endpoint. Only for a caller that knows the provider may be reached: `routing.external.enabled`.
 *
 * @param now milliseconds since the epoch
 * @param send the `fetch` that sends
 */
export async function askEndpoint(
  endpoint: LimitEndpoint,
  credential: string,
  now: number,
  send: typeof fetch = fetch,
): Promise<LimitReading> {
  try {
    const request = endpoint.request(credential);
    // A redirect would carry the credential to another host.
    return await withinTime(LIMIT_MS, [], async (signal) => {
      const response = await send(endpoint.url, { ...request, redirect: "error", signal });
      if (!response.ok) return { ok: false, reason: `${new URL(endpoint.url).host} answered ${response.status}` };
      return endpoint.read(await response.json(), now);
    });
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}
