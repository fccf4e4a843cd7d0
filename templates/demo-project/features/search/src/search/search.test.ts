import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "../lib/bus.js";
import type { Notice, NoticeStore } from "../types.js";
import { createSearch } from "./wordIndex.js";

const notice = (id: string, title: string, body: string): Notice => ({
  id,
  title,
  body,
  author: "kim",
  tags: ["office"],
  pinned: false,
  createdAt: "2026-01-01T09:00:00.000Z",
});

function board(...start: Notice[]) {
  const notices = new Map(start.map((each) => [each.id, each]));
  const store: NoticeStore = {
    add: () => assert.fail("not used here"),
    get: (id) => notices.get(id),
    list: () => [...notices.values()],
    pin: () => undefined,
    remove: (id) => notices.delete(id),
  };
  const bus = createBus();
  return { notices, bus, search: createSearch(bus, store) };
}

const ids = (found: readonly Notice[]) => found.map((each) => each.id);

test("every word must match, and a title counts more than a body", () => {
  const { search } = board(notice("n1", "Cafeteria", "parking is full"), notice("n2", "Parking", "new rules"));
  assert.deepEqual(ids(search.find("park")), ["n2", "n1"]);
  assert.deepEqual(ids(search.find("PARKING full")), ["n1"]);
  assert.deepEqual(ids(search.find("office")), ["n1", "n2"]);
  assert.deepEqual(ids(search.find("bicycle")), []);
  assert.deepEqual(ids(search.find("  ")), []);
});

test("the index follows the bus", () => {
  const { notices, bus, search } = board();
  const posted = notice("n3", "점심 회식", "12시");
  notices.set("n3", posted);
  bus.publish({ type: "posted", notice: posted });
  assert.deepEqual(ids(search.find("회식")), ["n3"]);
  bus.publish({ type: "removed", id: "n3" });
  assert.deepEqual(ids(search.find("회식")), []);
});
