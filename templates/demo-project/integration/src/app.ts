import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
//#if api
import { createApi } from "./api/handler.js";
//#endif
//#if auth
import { may } from "./auth/permissions.js";
import { readToken } from "./auth/tokens.js";
//#endif
//#if export
import { toCsv } from "./export/csv.js";
//#endif
import { type Bus, createBus } from "./lib/bus.js";
//#if metrics
import { createMetrics } from "./metrics/counters.js";
//#endif
//#if notifications
import { createInbox, type Inbox } from "./notifications/inbox.js";
//#endif
//#if search
import { createSearch } from "./search/wordIndex.js";
//#endif
import { createMemoryStore } from "./store/memoryStore.js";
import type { NoticeStore } from "./types.js";
//#if ui
import { renderBoard } from "./ui/page.js";
//#endif

export interface Board {
  readonly bus: Bus;
  readonly store: NoticeStore;
//#if notifications
  readonly inbox: Inbox;
//#endif
  /** Not yet listening. */
  readonly server: Server;
}

export interface BoardOptions {
  now?: () => Date;
//#if auth
  /** Signs the members' tokens. */
  secret: string;
//#endif
}

/** Puts the board's parts together behind one HTTP server. */
//#if auth
export function createBoard(options: BoardOptions): Board {
//#else auth
export function createBoard(options: BoardOptions = {}): Board {
//#endif
  const bus = createBus();
//#if notifications
  const inbox = createInbox(bus);
//#endif
//#if metrics
  const metrics = createMetrics(bus);
//#endif
  const store = createMemoryStore(bus, options.now ?? (() => new Date()));
//#if search
  const search = createSearch(bus, store);
//#endif
//#if api
  const api = createApi(store);
//#endif
  const server = createServer(async (request, response) => {
    try {
      await answer(request, response);
    } catch {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    }
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://board");
    const reply = (type: string, body: string) => response.writeHead(200, { "content-type": type }).end(body);
    if (url.pathname === "/health") return void reply("text/plain", `${store.list().length} notices`);
//#if auth
    const action = request.method === "POST" ? "post" : request.method === "DELETE" ? "remove" : "read";
    if (action !== "read") {
      const member = readToken(request.headers.authorization?.replace(/^Bearer /, "") ?? "", options.secret);
      const notice = store.get(url.pathname.split("/").at(-1) ?? "");
      if (!member || !may(member, action, notice)) return void response.writeHead(403).end("not allowed");
    }
//#endif
//#if ui
    if (url.pathname === "/") return void reply("text/html; charset=utf-8", renderBoard(store.list()));
//#endif
//#if export
    if (url.pathname === "/notices.csv") return void reply("text/csv; charset=utf-8", toCsv(store.list()));
//#endif
//#if metrics
    if (url.pathname === "/metrics") return void reply("text/plain; version=0.0.4", metrics.text());
//#endif
//#if search
    if (url.pathname === "/search") {
      return void reply("application/json", JSON.stringify(search.find(url.searchParams.get("q") ?? "")));
    }
//#endif
//#if api
    if (await api(request, response)) return;
//#endif
    response.writeHead(404).end("nothing here");
  }

  return {
    bus,
    store,
//#if notifications
    inbox,
//#endif
    server,
  };
}
