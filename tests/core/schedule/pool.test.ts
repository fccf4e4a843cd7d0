import { expect, test } from "vitest";
import { poolOf } from "../../../src/core/schedule/pool.ts";

/** What vLLM states for a pool of `blocks`, one request of `context` tokens taking `ofRequest` of them. */
const stated = (blocks: number, blockSize: number, context: number, ofRequest: number) => ({
  blockSize,
  blocks,
  maxConcurrency: blocks / ofRequest,
  kvCacheTokens: Math.floor((blocks / ofRequest) * context),
});

test("a dense model's blocks are its tokens; a session takes half a block more", () => {
  expect(poolOf(stated(1_000, 16, 4_096, 256))).toEqual({ tokens: 16_000, perSession: 8 });
});

test("a hybrid's sessions take their states too: six blocks of 1,072 tokens", () => {
  // 131,072 tokens are 123 blocks of one attention group, and two states in each of three groups.
  const pool = poolOf(stated(4_004, 1_072, 131_072, 129));
  expect(pool).toEqual({ tokens: 4_004 * 1_072, perSession: 6.5 * 1_072 });
});

test("several groups of attention layers share the blocks", () => {
  expect(poolOf(stated(800, 16, 1_600, 200))).toEqual({ tokens: 6_400, perSession: 8 });
});

test.each([
  ["no blocks", { kvCacheTokens: 5_000 }],
  ["no block size", { kvCacheTokens: 5_000, blocks: 10, maxConcurrency: 2 }],
  ["figures that cannot belong together", { kvCacheTokens: 5_000, blocks: 2, blockSize: 16, maxConcurrency: 2 }],
])("a server with %s is taken at its word", (_, labels) => {
  expect(poolOf(labels)).toEqual({ tokens: 5_000, perSession: 0 });
});

test("a server that says nothing has no pool", () => {
  expect(poolOf({})).toBeUndefined();
  expect(poolOf({ kvCacheTokens: 0, blocks: 3 })).toBeUndefined();
});
