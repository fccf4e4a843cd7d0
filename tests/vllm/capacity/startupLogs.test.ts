import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type BlockOptions, blockLayout, kvCacheTokensBefore022, poolCapacity } from "../../../vllm/capacity/blocks.ts";
import { modelShape } from "../../../vllm/capacity/modelShape.ts";

const GIB = 2 ** 30;
const caseSchema = z.object({
  name: z.string(),
  source: z.string().min(20),
  vllm: z.string(),
  note: z.string().optional(),
  log: z.array(z.string()).min(1),
  kvDtype: z.enum(["bf16", "fp8"]),
  tp: z.number(),
  mode: z.enum(["none", "align"]),
  speculativeTokens: z.number().default(0),
  draftLayers: z.number().default(0),
  /** Printed by a vLLM before 0.22, whose token figure is computed otherwise. */
  before022: z.boolean().default(false),
  config: z.record(z.string(), z.unknown()),
});
type Case = z.infer<typeof caseSchema>;

const read = (name: string): Case[] =>
  z
    .array(caseSchema)
    .parse(JSON.parse(readFileSync(new URL(`../../fixtures/vllm-logs/${name}`, import.meta.url), "utf8")));

const optionsOf = (one: Case): BlockOptions => ({
  kvDtype: one.kvDtype,
  tensorParallel: one.tp,
  mambaCacheMode: one.mode,
  speculativeTokens: one.speculativeTokens,
  draftLayers: one.draftLayers,
});

function figure(one: Case, pattern: RegExp): string[] {
  const found = one.log.flatMap((line) => [...line.matchAll(pattern)])[0];
  if (!found) throw new Error(`${one.name}: no line matches ${pattern}`);
  return found.slice(1).map((word) => word.replaceAll(",", ""));
}

/** Pools that the log would print as this many GiB, densely enough to meet every number of blocks among them. */
function poolsPrintedAs(text: string, step: number): number[] {
  const middle = Number(text) * GIB;
  const half = 0.005 * GIB;
  const count = Math.ceil((2 * half) / step) + 1;
  return Array.from({ length: count + 1 }, (_, index) => middle - half + (index * 2 * half) / count);
}

const started = read("started.json");

describe("real start-up logs", () => {
  it("are at least 8, of hybrids and dense models, bf16 and fp8, on one GPU and two", () => {
    expect(started.length).toBeGreaterThanOrEqual(8);
    const kinds = started.map(
      (one) => `${"linear_num_value_heads" in one.config ? "hybrid" : "dense"} ${one.kvDtype} ${one.tp}`,
    );
    expect(new Set(kinds)).toEqual(
      new Set([
        "hybrid bf16 1",
        "hybrid bf16 2",
        "hybrid fp8 1",
        "hybrid fp8 2",
        "dense bf16 1",
        "dense bf16 2",
        "dense fp8 1",
      ]),
    );
  });

  it.each(started)("$name ($vllm): KV tokens to the token, concurrency to the printed digit", (one) => {
    const [pool = ""] = figure(one, /Available KV cache memory: ([\d.]+) GiB/g);
    const [tokens = ""] = figure(one, /GPU KV cache size: ([\d,]+) tokens/g);
    const [context = "", concurrency = ""] = figure(
      one,
      /Maximum concurrency for ([\d,]+) tokens per request: ([\d.]+)x/g,
    );
    const predict = (other: Partial<BlockOptions>): string[] => {
      const layout = blockLayout(modelShape(one.config), { ...optionsOf(one), ...other });
      return poolsPrintedAs(pool, layout.blockBytes / 2).map((bytes) => {
        const capacity = poolCapacity(layout, bytes, Number(context));
        const printed = one.before022 ? kvCacheTokensBefore022(layout, capacity.blocks) : capacity.kvCacheTokens;
        return `${printed} tokens, ${capacity.maxConcurrency.toFixed(2)}x`;
      });
    };
    const printed = `${tokens} tokens, ${concurrency}x`;
    expect(predict({})).toContain(printed);
    // The rounding of the printed pool leaves room for a few block counts, not for another data type.
    expect(predict({ kvDtype: one.kvDtype === "fp8" ? "bf16" : "fp8" })).not.toContain(printed);
  });

  const named = started.filter((one) => one.log.some((line) => line.includes("Setting attention block size")));
  it.each(named)("$name: the block size", (one) => {
    const [block] = figure(one, /Setting attention block size to (\d+) tokens/g);
    expect(blockLayout(modelShape(one.config), optionsOf(one)).blockSize).toBe(Number(block));
  });
});

describe("contexts vLLM refused", () => {
  it.each(read("refused.json"))("$name: needed memory and the estimated maximum model length", (one) => {
    const layout = blockLayout(modelShape(one.config), optionsOf(one));
    const [context = "", needed = "", pool = "", longest = ""] = figure(
      one,
      /max seq len \((\d+)\), \(([\d.]+) GiB KV cache is needed.*memory \(([\d.]+) GiB\).*length is (\d+)/g,
    );
    const { blocksPerRequest } = poolCapacity(layout, 0, Number(context));
    expect(((blocksPerRequest * layout.blockBytes) / GIB).toFixed(2)).toBe(needed);
    const estimates = poolsPrintedAs(pool, layout.blockBytes / 2).map(
      (bytes) => poolCapacity(layout, bytes, Number(context)).maxContext,
    );
    expect(estimates).toContain(Number(longest));
  });
});
