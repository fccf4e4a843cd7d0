import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { FeedPatch, FeedStart } from "../../core/view/feed.ts";
import type { Feed } from "./feed.ts";
import { type Answering, type Asking, hasToken, knowsHost } from "./guard.ts";
import type { Page } from "./page.ts";

/** What the server shows. */
export interface Shown {
  page: Page;
  /** The feed of a swarm; of the newest without an id. undefined where there is no such swarm. */
  feed(swarm: string | undefined): Feed | undefined;
  /** A page has gone: a feed that nobody follows may end. */
  left(feed: Feed): void;
  /** Prometheus' text and its content type. */
  metrics(): Promise<{ type: string; text: string }>;
}

/** Without news a line goes to each page this often (ms), so that one that is gone is noticed. */
const ALIVE_MS = 15_000;
/** Bytes that may wait for a page that reads too slowly; past that it is sent away, and comes back for the whole. */
const MOST_WAITING = 16 * 1024 * 1024;
const SWARM_ID = /^s-[0-9a-z-]{1,40}$/;

const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Listens until `close`. @throws where the port cannot be had. */
export async function serveDashboard(
  shown: Shown,
  { host, port, token }: Answering,
): Promise<{ port: number; close(): Promise<void> }> {
  const own: Answering = { host, port, token };
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    answer(shown, own, request, response).catch((error: unknown) => {
      if (!response.headersSent) refuse(response, 500, error instanceof Error ? error.message : String(error));
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  own.port = (server.address() as AddressInfo).port;
  return { port: own.port, close: () => ended(server) };
}

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(shown: Shown, own: Answering, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asking = askingOf(request);
  if (!knowsHost(asking, own)) return refuse(response, 403, "This server answers to its own address only.");
  if (request.method !== "GET") return refuse(response, 405, "Only GET is answered.");
  const url = new URL(request.url ?? "/", "http://dashboard");
  // The page holds nothing of the project: it asks with the token that the address brought along.
  if (url.pathname === "/") {
    const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": shown.page.policy };
    response.writeHead(200, { ...HEADERS, ...headers }).end(shown.page.html);
    return;
  }
  if (!hasToken(asking, own)) return refuse(response, 401, "The token is missing or wrong.");
  if (url.pathname === "/metrics") {
    const { type, text } = await shown.metrics();
    response.writeHead(200, { ...HEADERS, "content-type": type }).end(text);
    return;
  }
  const swarm = url.searchParams.get("swarm") ?? undefined;
  const feed = swarm === undefined || SWARM_ID.test(swarm) ? shown.feed(swarm) : undefined;
  if (!feed) return refuse(response, 404, "There is no such swarm.");
  if (url.pathname === "/api/stream") return stream(shown, feed, response);
  const event = feed.events[Number(url.searchParams.get("n") ?? Number.NaN)];
  shown.left(feed);
  if (url.pathname !== "/api/event" || !event) return refuse(response, 404, "There is nothing here.");
  json(response, 200, event);
}

/** Server-sent events: `start` with the whole, then a `patch` for every change. */
function stream(shown: Shown, feed: Feed, response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream; charset=utf-8" });
  const send = (event: "start" | "patch", data: FeedStart | FeedPatch) => {
    if (response.writableLength > MOST_WAITING) response.destroy();
    else response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const stop = feed.follow({ start: (whole) => send("start", whole), patch: (changed) => send("patch", changed) });
  const alive = setInterval(() => response.write(":\n\n"), ALIVE_MS);
  response.on("close", () => {
    clearInterval(alive);
    stop();
    shown.left(feed);
  });
}

function askingOf({ headers }: IncomingMessage): Asking {
  const site = headers["sec-fetch-site"];
  return {
    host: headers.host,
    origin: headers.origin,
    site: Array.isArray(site) ? site.join() : site,
    authorization: headers.authorization,
  };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { ...HEADERS, "content-type": "application/json" }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, error: string): void {
  json(response, status, { ok: false, error });
}
