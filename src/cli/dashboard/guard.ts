import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** The heads of a request that say who asks. */
export interface Asking {
  host: string | undefined;
  origin: string | undefined;
  /** `Sec-Fetch-Site`: browsers say themselves whether another site asks. */
  site: string | undefined;
  authorization: string | undefined;
}

/** What a server of ours answers to. */
export interface Answering {
  /** As it was asked to listen: an address or a name. */
  host: string;
  port: number;
  token: string;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

/** Whether nobody beyond this machine reaches a server that listens on `host`. */
export function isLoopbackName(host: string): boolean {
  return LOOPBACK.has(host);
}

/**
 * Whether a request may be looked at. A page of another site can make a browser send one here: by its name, which it
 * lets point to this machine (DNS rebinding), or across sites. An address cannot be pointed elsewhere, a name can: so where
 * others may come in, every address is taken, and of names only the server's own.
 */
export function knowsHost({ host, origin, site }: Asking, { host: own, port }: Answering): boolean {
  const asked = readHost(host);
  if (!asked || asked.port !== port) return false;
  const { name } = asked;
  const known = isLoopbackName(own) ? LOOPBACK.has(name) : name === own || name === "localhost" || isIP(name) !== 0;
  if (!known) return false;
  if (origin !== undefined && origin !== `http://${host}`) return false;
  return site === undefined || site === "same-origin" || site === "none";
}

/** Whether the request carries the token, as `Authorization: Bearer`. Takes as long for any wrong one. */
export function hasToken({ authorization }: Asking, { token }: Answering): boolean {
  const given = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function readHost(host: string | undefined): { name: string; port: number } | undefined {
  const url = `http://${host ?? ""}`;
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host) || !URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  return { name: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 80 : Number(port) };
}
