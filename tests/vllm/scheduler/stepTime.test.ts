import { expect, it } from "vitest";
import { blockLayout } from "../../../vllm/capacity/blocks.ts";
import { modelShape } from "../../../vllm/capacity/modelShape.ts";
import { modelConfig } from "../../../vllm/recipes/recipe.ts";
import { figures } from "../../../vllm/scheduler/figures.ts";
import { stepCosts, stepMs } from "../../../vllm/scheduler/stepTime.ts";

const shape = modelShape(modelConfig("qwen3-coder-next"));
const layout = blockLayout(shape, { kvDtype: "bf16", tensorParallel: 1, mambaCacheMode: "align" });
const costs = stepCosts({ shape, layout, weightsGib: 75.5, gpu: "h200", tensorParallel: 1 }, figures());
const decode = (sequences: number, context: number) =>
  stepMs(costs, {
    prefillTokens: 0,
    prefillPairs: 0,
    decodes: sequences,
    decodeContext: sequences * context,
    sequences,
  });
const prefill = (tokens: number) =>
  stepMs(costs, {
    prefillTokens: tokens,
    prefillPairs: (tokens * tokens) / 2,
    decodes: 0,
    decodeContext: 0,
    sequences: 1,
  });

/** The published measurements the figures are derived from: 1x H200, FP8 weights, bf16 KV (millstoneai.com). */
it.each([
  ["one user at 1K: 210.8 tokens/s", () => 1000 / decode(1, 1024), 210.8],
  ["one user at 256K: 152.8 tokens/s", () => 1000 / decode(1, 262_144), 152.8],
  ["256K of prompt: 20.4 s", () => prefill(262_144) / 1000, 20.4],
])("comes near what was measured: %s", (_, model, measured) => {
  expect(Math.abs(model() / measured - 1)).toBeLessThan(0.1);
});

it("says which figures are not measured, and has a source for each", () => {
  const all = figures();
  const list = [
    ...Object.values(all.gpus).flatMap((gpu) => Object.values(gpu)),
    ...Object.values(all).filter((value) => typeof value === "object" && "kind" in value),
  ];
  expect(list.length).toBeGreaterThan(12);
  expect(list).toContainEqual(expect.objectContaining({ kind: "estimate" }));
});

it("reads more experts the more sequences there are, and is never faster with more to do", () => {
  expect(decode(10, 1024)).toBeGreaterThan(decode(1, 1024));
  expect(decode(10, 1024)).toBeLessThan(10 * decode(1, 1024));
  expect(decode(10, 65_536)).toBeGreaterThan(decode(10, 1024));
  expect(prefill(8192)).toBeGreaterThan(prefill(2048));
});
