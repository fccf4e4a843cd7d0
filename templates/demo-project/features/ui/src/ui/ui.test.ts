import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notice } from "../types.js";
import { renderBoard } from "./page.js";

const notice: Notice = {
  id: "n1",
  title: "Fire drill <today>",
  body: "Meet at the gate & wait",
  author: "lee",
  tags: ["safety"],
  pinned: true,
  createdAt: "2026-01-01T09:00:00.000Z",
};

test("a notice is shown with its text escaped", () => {
  const page = renderBoard([notice]);
  assert.match(page, /<h2>Fire drill &lt;today&gt;<\/h2>/);
  assert.match(page, /Meet at the gate &amp; wait/);
  assert.match(page, /<li>safety<\/li>/);
  assert.match(page, /class="pinned"/);
});

test("only pinned notices are marked", () => {
  assert.doesNotMatch(renderBoard([{ ...notice, pinned: false }]), /class="pinned"/);
});

test("an empty board says so", () => {
  assert.match(renderBoard([]), /Nothing to read yet/);
});
