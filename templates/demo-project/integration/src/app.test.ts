import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { createBoard } from "./app.js";
//#if auth
import { issueToken } from "./auth/tokens.js";
//#endif

const board = createBoard({
  now: () => new Date("2026-01-01T09:00:00.000Z"),
//#if auth
  secret: "only for this test",
//#endif
});
let origin = "";
before(async () => {
  await new Promise<void>((resolve) => board.server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(board.server.address() as AddressInfo).port}`;
  board.store.add({ title: "Lunch", body: "@lee at noon", author: "kim", tags: ["food"] });
});
after(() => board.server.close());

const text = async (path: string) => (await fetch(`${origin}${path}`)).text();

test("the board is up and counts its notices", async () => {
  assert.equal(await text("/health"), "1 notices");
  assert.equal((await fetch(`${origin}/nowhere`)).status, 404);
});
//#if api

test("a notice posted to the API is on the board", async () => {
  const posted = await fetch(`${origin}/api/notices`, {
    method: "POST",
//#if auth
    headers: { authorization: `Bearer ${issueToken({ name: "park", role: "writer" }, "only for this test")}` },
//#endif
    body: JSON.stringify({ title: "Parking", body: "full", author: "park" }),
  });
  assert.equal(posted.status, 201);
  assert.ok(board.store.list().some((notice) => notice.title === "Parking"));
});
//#endif
//#if ui

test("the page shows the notice", async () => {
  assert.match(await text("/"), /<h2>Lunch<\/h2>/);
});
//#endif
//#if notifications

test("the mentioned member hears of it", () => {
  assert.deepEqual(board.inbox.unread("lee").map((message) => message.text), ["kim: Lunch"]);
});
//#endif
//#if search

test("the notice can be found", async () => {
  assert.match(await text("/search?q=lun"), /"title":"Lunch"/);
});
//#endif
//#if auth

test("nobody posts without a token", async () => {
  const refused = await fetch(`${origin}/api/notices`, { method: "POST", body: "{}" });
  assert.equal(refused.status, 403);
});
//#endif
//#if export

test("the notices can be taken away as CSV", async () => {
  assert.match(await text("/notices.csv"), /^n1,2026-01-01T09:00:00.000Z,kim,Lunch,/m);
});
//#endif
//#if metrics

test("the board's events are counted", async () => {
  assert.match(await text("/metrics"), /board_events_total\{type="posted"\} [1-9]/);
});
//#endif
