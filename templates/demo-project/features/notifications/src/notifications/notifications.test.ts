import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "../lib/bus.js";
import type { Notice } from "../types.js";
import { createInbox } from "./inbox.js";
import { mentionsIn } from "./mentions.js";

const notice = (fields: Partial<Notice>): Notice => ({
  id: "n1",
  title: "Standup",
  body: "",
  author: "kim",
  tags: [],
  pinned: false,
  createdAt: "2026-01-01T09:00:00.000Z",
  ...fields,
});

test("mentions are names after @, not mail addresses", () => {
  assert.deepEqual(mentionsIn("@Lee and @박지민, ask @lee; mail kim@example"), ["lee", "박지민"]);
});

test("a mentioned member and a follower of the tag hear of a notice once", () => {
  const bus = createBus();
  const inbox = createInbox(bus);
  inbox.follow("park", "food");
  inbox.follow("lee", "food");
  bus.publish({ type: "posted", notice: notice({ body: "@lee bring cake", tags: ["food"] }) });
  assert.deepEqual(inbox.unread("lee"), [{ noticeId: "n1", text: "kim: Standup", reason: "mention" }]);
  assert.deepEqual(inbox.take("park").map((message) => message.reason), ["tag"]);
  assert.deepEqual(inbox.unread("park"), []);
});

test("nobody hears of their own notice, and changes are silent", () => {
  const bus = createBus();
  const inbox = createInbox(bus);
  bus.publish({ type: "posted", notice: notice({ body: "@kim note to self" }) });
  bus.publish({ type: "changed", notice: notice({ body: "@lee" }) });
  assert.deepEqual([...inbox.unread("kim"), ...inbox.unread("lee")], []);
});
