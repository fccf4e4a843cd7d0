import type { IncomingMessage, ServerResponse } from "node:http";
import { InvalidNotice, type NoticeStore } from "../types.js";
import { readNotice } from "./readNotice.js";

/** Answers `/api/notices` as JSON. Returns false for any other path, which is then somebody else's. */
export function createApi(store: NoticeStore) {
  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { pathname } = new URL(request.url ?? "/", "http://board");
    const [, root, collection, id, ...rest] = pathname.split("/");
    if (root !== "api" || collection !== "notices" || rest.length > 0) return false;
    try {
      const answer = await answerTo(request, store, id);
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer.body));
    } catch (error) {
      if (!(error instanceof InvalidNotice)) throw error;
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: error.message }));
    }
    return true;
  };
}

interface Answer {
  status: number;
  body: unknown;
}

const missing: Answer = { status: 404, body: { error: "no such notice" } };

async function answerTo(request: IncomingMessage, store: NoticeStore, id: string | undefined): Promise<Answer> {
  if (id === undefined) {
    if (request.method === "GET") return { status: 200, body: store.list() };
    if (request.method === "POST") return { status: 201, body: store.add(await readNotice(request)) };
  } else {
    const found = store.get(id);
    if (!found) return missing;
    if (request.method === "GET") return { status: 200, body: found };
    if (request.method === "DELETE") return { status: 200, body: { removed: store.remove(id) } };
  }
  return { status: 405, body: { error: `${request.method ?? "this method"} is not allowed here` } };
}
