import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "./bus.js";
import { escapeHtml } from "./html.js";

test("a listener hears events until it leaves", () => {
  const bus = createBus();
  const heard: string[] = [];
  const leave = bus.subscribe((event) => heard.push(event.type));
  bus.publish({ type: "removed", id: "n1" });
  leave();
  bus.publish({ type: "removed", id: "n2" });
  assert.deepEqual(heard, ["removed"]);
});

test("markup becomes text", () => {
  assert.equal(escapeHtml(`<b a="1">Tom & 'Jo'</b>`), "&lt;b a=&quot;1&quot;&gt;Tom &amp; &#39;Jo&#39;&lt;/b&gt;");
});
