/** Whether a request may leave; a refusal carries what to tell the person. */
export type EgressVerdict =
  | { kind: "allowed"; host: string; why: "loopback" | "listed" }
  | { kind: "refused"; rule: "security.allowHosts"; host: string; message: string };

/**
 * Judges where a model request goes: this machine always, else only hosts on the list. What cannot be read as an http(s)
 * address is refused, and an entry that cannot be read allows nothing.
 *
 * @param url the request's address
 * @param allowHosts `host` (any port), `host:port`, `[v6]:port`, or a base URL (its host and port); compared exactly
 */
export function egress(url: string | URL, allowHosts: readonly string[]): EgressVerdict {
  const target = readUrl(String(url));
  if (!target) return refused(String(url).slice(0, 200), "is no http address");
  if (isLoopback(target.hostname)) return { kind: "allowed", host: target.host, why: "loopback" };
  const listed = allowHosts.some((entry) => matches(entry.trim(), target));
  if (listed) return { kind: "allowed", host: target.host, why: "listed" };
  return refused(target.host, "is not on the list of allowed hosts");
}

function refused(host: string, why: string): EgressVerdict {
  const message =
    `Model request refused: ${host || "its address"} ${why} (security.allowHosts). ` +
    "To allow it, add the host to security.allowHosts in your own configuration, outside the repository.";
  return { kind: "refused", rule: "security.allowHosts", host, message };
}

function readUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "" ? url : undefined;
}

/** 127.0.0.0/8, ::1 and `localhost`; the URL parser has already made other spellings of these addresses plain. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function matches(entry: string, target: URL): boolean {
  if (entry.includes("://")) {
    const url = readUrl(entry);
    return url !== undefined && url.hostname === target.hostname && portOf(url) === portOf(target);
  }
  if (!/^(?:\[[0-9a-f:.]+\]|[^\s:/@?#*[\]]+)(?::\d{1,5})?$/i.test(entry)) return false;
  const url = readUrl(`${target.protocol}//${entry}`);
  if (!url || url.hostname !== target.hostname) return false;
  // The parser drops a port that is the scheme's own, so it is read from the entry itself.
  const port = /:(\d+)$/.exec(entry.replace(/^\[.*\]/, ""))?.[1];
  return port === undefined || Number(port) === portOf(target);
}

function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}
