/** What a client asks of an HTTP proxy. */
export interface ProxyRequest {
  host: string;
  port: number;
  /** The head to send on; undefined for a tunnel. */
  forward: string | undefined;
}

const CONNECT = /^CONNECT (?:\[([0-9a-f:.]+)\]|([^\s:/@]+)):(\d{1,5}) HTTP\/1\.[01]$/iu;
const ABSOLUTE = /^([A-Z]{1,20}) (http:\/\/\S+) HTTP\/1\.[01]$/u;
/** Meant for the proxy, or wrong once the connection serves one request only. */
const HOP = /^(?:proxy-[^:]*|connection|keep-alive|host):/iu;

/**
 * Reads the head of a proxy request. A plain one is sent on with the host that was judged, whatever its `Host` says, and
 * asks for the connection's end, so that no second request follows it.
 *
 * @param head everything before the empty line
 * @returns undefined for anything else
 */
export function readRequest(head: string): ProxyRequest | undefined {
  const [first = "", ...lines] = head.split("\r\n");
  if (/[\r\n\0]/u.test(first) || lines.some((line) => /[\r\n\0]/u.test(line))) return undefined;
  const tunnel = CONNECT.exec(first);
  if (tunnel) return withPort(tunnel[1] ?? tunnel[2] ?? "", Number(tunnel[3]), undefined);
  const [, method, address] = ABSOLUTE.exec(first) ?? [];
  if (method === undefined || address === undefined || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const kept = lines.filter((line) => !HOP.test(line));
  const forward = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `host: ${url.host}`,
    ...kept,
    "connection: close",
    "",
    "",
  ].join("\r\n");
  return withPort(url.hostname, url.port === "" ? 80 : Number(url.port), forward);
}

function withPort(host: string, port: number, forward: string | undefined): ProxyRequest | undefined {
  return host !== "" && port >= 1 && port <= 65_535 ? { host, port, forward } : undefined;
}
