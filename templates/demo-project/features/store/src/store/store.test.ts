import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "../lib/bus.js";
import { InvalidNotice } from "../types.js";
import { createMemoryStore } from "./memoryStore.js";

function board() {
  const bus = createBus();
  const events: string[] = [];
  bus.subscribe((event) => events.push(event.type));
  let minute = 0;
  const store = createMemoryStore(bus, () => new Date(Date.UTC(2026, 0, 1, 9, minute++)));
  return { store, events };
}

test("a new notice is trimmed, dated and announced", () => {
  const { store, events } = board();
  const notice = store.add({ title: " Lunch ", body: "at noon", author: "kim", tags: ["Food", "food", " "] });
  assert.deepEqual(notice, {
    id: "n1",
    title: "Lunch",
    body: "at noon",
    author: "kim",
    tags: ["food"],
    pinned: false,
    createdAt: "2026-01-01T09:00:00.000Z",
  });
  assert.deepEqual(store.get("n1"), notice);
  assert.deepEqual(events, ["posted"]);
});

test("pinned notices come first, then the newest", () => {
  const { store } = board();
  for (const title of ["a", "b", "c"]) store.add({ title, body: "", author: "kim" });
  store.pin("n1", true);
  assert.deepEqual(store.list().map((notice) => notice.title), ["a", "c", "b"]);
});

test("a notice without a title or an author is refused and not announced", () => {
  const { store, events } = board();
  assert.throws(() => store.add({ title: " ", body: "", author: "kim" }), InvalidNotice);
  assert.throws(() => store.add({ title: "x", body: "", author: "" }), /author/);
  assert.throws(() => store.add({ title: "x".repeat(121), body: "", author: "kim" }), /120/);
  assert.deepEqual(events, []);
});

test("removing works once", () => {
  const { store, events } = board();
  store.add({ title: "a", body: "", author: "kim" });
  assert.equal(store.remove("n1"), true);
  assert.equal(store.remove("n1"), false);
  assert.equal(store.pin("n1", true), undefined);
  assert.deepEqual(events, ["posted", "removed"]);
});
