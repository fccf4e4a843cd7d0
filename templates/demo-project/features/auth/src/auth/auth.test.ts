import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notice } from "../types.js";
import { may } from "./permissions.js";
import { issueToken, readToken } from "./tokens.js";

const kims: Notice = { id: "n1", title: "x", body: "", author: "kim", tags: [], pinned: false, createdAt: "2026-01-01T09:00:00.000Z" };

test("each role may do its own and no more", () => {
  assert.equal(may({ name: "a", role: "reader" }, "post"), false);
  assert.equal(may({ name: "a", role: "writer" }, "post"), true);
  assert.equal(may({ name: "a", role: "writer" }, "pin"), false);
  assert.equal(may({ name: "a", role: "moderator" }, "remove", kims), true);
});

test("a writer removes their own notices only", () => {
  assert.equal(may({ name: "kim", role: "writer" }, "remove", kims), true);
  assert.equal(may({ name: "lee", role: "writer" }, "remove", kims), false);
});

test("a token comes back as its member, and a changed one as nobody", () => {
  const member = { name: "김", role: "writer" } as const;
  const token = issueToken(member, "secret");
  assert.deepEqual(readToken(token, "secret"), member);
  assert.equal(readToken(token, "other secret"), undefined);
  assert.equal(readToken(`x${token}`, "secret"), undefined);
  assert.equal(readToken("nonsense", "secret"), undefined);
});
