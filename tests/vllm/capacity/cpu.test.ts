import { describe, expect, it } from "vitest";
import { blockLayout, poolCapacity } from "../../../vllm/capacity/blocks.ts";
import { modelShape } from "../../../vllm/capacity/modelShape.ts";
import { modelConfig } from "../../../vllm/recipes/recipe.ts";
import { EIGHT_LAYERS } from "./eightLayers.ts";

/** Figures that vLLM 0.32 printed on a CPU in `npm run test:vllm` (Python 3.11, 2 cores). */
describe("vLLM on a CPU", () => {
  it("the tiny recipe: blocks of 128, 47,201 of them hold 6,041,728 tokens, 2950.06 requests of 2,048", () => {
    const layout = blockLayout(modelShape(modelConfig("tiny")), {
      kvDtype: "bf16",
      tensorParallel: 1,
      mambaCacheMode: "none",
      device: "cpu",
    });
    const capacity = poolCapacity(layout, 47_201 * layout.blockBytes, 2048);
    expect([layout.blockSize, capacity.kvCacheTokens, capacity.maxConcurrency.toFixed(2)]).toEqual([
      128,
      6_041_728,
      "2950.06",
    ]);
  });

  it("eight layers of qwen3_next in 1 GiB: blocks of 256, the state in 32 bits, 599,186 tokens, 292.57", () => {
    const shape = modelShape(EIGHT_LAYERS);
    const options = { kvDtype: "bf16", tensorParallel: 1, mambaCacheMode: "align" } as const;
    const layout = blockLayout(shape, { ...options, device: "cpu" });
    const capacity = poolCapacity(layout, 2 ** 30, 2048);
    // "Padding mamba page size by 91.04%": 256 tokens of 512 B over a state of 68,608 B.
    expect([layout.blockSize, layout.stateBytesPerLayer, capacity.blocks]).toEqual([256, 68_608, 4096]);
    expect([capacity.kvCacheTokens, capacity.maxConcurrency.toFixed(2)]).toEqual([599_186, "292.57"]);
    expect(blockLayout(shape, options).blockSize).toBe(80);
  });
});
