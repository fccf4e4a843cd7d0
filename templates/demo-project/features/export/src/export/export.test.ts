import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notice } from "../types.js";
import { toCsv } from "./csv.js";

const notice: Notice = {
  id: "n1",
  title: 'He said "hi", twice',
  body: "line 1\nline 2",
  author: "kim",
  tags: ["a", "b"],
  pinned: true,
  createdAt: "2026-01-01T09:00:00.000Z",
};

test("quotes, commas and line breaks survive", () => {
  assert.equal(
    toCsv([notice]),
    'id,createdAt,author,title,body,tags,pinned\r\nn1,2026-01-01T09:00:00.000Z,kim,"He said ""hi"", twice","line 1\nline 2",a b,true\r\n',
  );
});

test("a cell is never a formula", () => {
  assert.match(toCsv([{ ...notice, title: "=1+1" }]), /,'=1\+1,/);
});

test("an empty board is a header", () => {
  assert.equal(toCsv([]), "id,createdAt,author,title,body,tags,pinned\r\n");
});
