import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Notice, NoticeStore } from "../types.js";
import { createApi } from "./handler.js";

const notices = new Map<string, Notice>();
const store: NoticeStore = {
  add(input) {
    const notice = { id: `n${notices.size + 1}`, tags: [], pinned: false, ...input, createdAt: "2026-01-01T09:00:00.000Z" };
    notices.set(notice.id, notice);
    return notice;
  },
  get: (id) => notices.get(id),
  list: () => [...notices.values()],
  pin: () => undefined,
  remove: (id) => notices.delete(id),
};
const handle = createApi(store);
const server = createServer(async (request, response) => {
  if (!(await handle(request, response))) response.writeHead(404).end("not the API's");
});
let origin = "";
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

const post = (body: string) => fetch(`${origin}/api/notices`, { method: "POST", body });

test("a posted notice can be listed, read and removed", async () => {
  const posted = await post(JSON.stringify({ title: "Lunch", body: "noon", author: "kim" }));
  assert.equal(posted.status, 201);
  const { id } = (await posted.json()) as Notice;
  const list = (await (await fetch(`${origin}/api/notices`)).json()) as Notice[];
  assert.deepEqual(list.map((notice) => notice.title), ["Lunch"]);
  assert.equal((await fetch(`${origin}/api/notices/${id}`)).status, 200);
  assert.equal((await fetch(`${origin}/api/notices/${id}`, { method: "DELETE" })).status, 200);
  assert.equal((await fetch(`${origin}/api/notices/${id}`)).status, 404);
});

test("bad bodies are refused with the reason", async () => {
  assert.equal((await post("{")).status, 400);
  const refused = await post(JSON.stringify({ title: "x" }));
  assert.deepEqual(await refused.json(), { error: "author: text is needed" });
});

test("other methods and other paths are not the API's", async () => {
  assert.equal((await fetch(`${origin}/api/notices`, { method: "PUT" })).status, 405);
  assert.equal(await (await fetch(`${origin}/api/other`)).text(), "not the API's");
});
