import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockLayout, poolCapacity } from "../../../vllm/capacity/blocks.ts";
import { modelShape, UnplannableModel } from "../../../vllm/capacity/modelShape.ts";
import { planCapacity } from "../../../vllm/capacity/plan.ts";
import type { PlanInput } from "../../../vllm/capacity/planInput.ts";
import { estimateWeights } from "../../../vllm/capacity/weights.ts";
import { findRecipe, modelConfig } from "../../../vllm/recipes/recipe.ts";

const GIB = 2 ** 30;
const shape = modelShape(modelConfig("qwen3-coder-next"));
const input: PlanInput = {
  shape,
  kvDtype: "bf16",
  context: 131_072,
  tensorParallel: 1,
  mambaCacheMode: "align",
  weightsGib: 75.5,
  weightsFrom: "test",
  gpu: { name: "H200", gib: 139.81 },
  util: 0.92,
  overheadGib: 4,
  poolGib: 48,
  workers: 8,
};

describe("Qwen3-Coder-Next in 48 GiB", () => {
  it("bf16: 24,576 B a token, 37.7 MiB of state, blocks of 544, 15.6 sessions of 128K", () => {
    const plan = planCapacity(input);
    expect(plan).toMatchObject({
      kv_bytes_per_token: 24_576,
      state_bytes_per_sequence: (8192 * 3 + 32 * 128 * 128) * 2 * 36,
      block_size: 544,
      pool_gib: 48,
      sessions: 17,
      fits: false,
    });
    expect(plan.max_concurrency?.toFixed(1)).toBe("15.6");
    // 12.75 MiB a block; 241 blocks of context and 2 state blocks in each of 3 groups.
    expect(plan.kv_cache_tokens).toBe(Math.floor((3855 / 247) * 131_072));
    expect(plan.max_context).toBe((3855 - 6) * 544);
  });

  it("fp8: blocks of 1,072, 30.3 sessions: 17 fit", () => {
    const plan = planCapacity({ ...input, kvDtype: "fp8" });
    expect([plan.block_size, plan.kv_bytes_per_token, plan.fits]).toEqual([1072, 12_288, true]);
    expect(plan.max_concurrency?.toFixed(1)).toBe("30.3");
  });

  it("names the figure of vLLM 0.33 where FlashInfer takes checkpoints: blocks of 1,088, three a group, 29.65", () => {
    const options = { kvDtype: "fp8", tensorParallel: 1, mambaCacheMode: "align", prefillCheckpoints: true } as const;
    const layout = blockLayout(shape, options);
    expect([layout.blockSize, layout.stateBlocksPerGroup]).toEqual([1088, 3]);
    // 12.75 MiB a block: 3,855 of them; 121 of context and 9 of state for one request.
    expect(poolCapacity(layout, 48 * GIB, 131_072).maxConcurrency).toBeCloseTo(3855 / 130, 10);
    expect(planCapacity({ ...input, kvDtype: "fp8" }).derivation.join("\n")).toContain("29.65 there");
    expect(planCapacity({ ...input, mambaCacheMode: "none" }).derivation.join("\n")).not.toContain("FlashInfer");
  });

  it("64K in 50 GiB: 31.6 and 59.9", () => {
    const at64k = { ...input, context: 65_536, poolGib: 50 };
    expect(planCapacity(at64k).max_concurrency?.toFixed(1)).toBe("31.6");
    expect(planCapacity({ ...at64k, kvDtype: "fp8" }).max_concurrency?.toFixed(1)).toBe("59.9");
  });

  it("an H200 at 0.92 with FP8 weights leaves 48 to 50 GiB; a context above the model's never fits", () => {
    const pool = planCapacity({ ...input, poolGib: undefined }).pool_gib;
    expect(pool).toBeGreaterThan(48);
    expect(pool).toBeLessThan(50);
    expect(planCapacity({ ...input, context: 262_145, kvDtype: "fp8", workers: undefined }).fits).toBe(false);
  });

  it("gives null for what it cannot know", () => {
    expect(planCapacity({ ...input, poolGib: undefined, weightsGib: undefined, workers: undefined })).toMatchObject({
      weights_gib: null,
      pool_gib: null,
      kv_cache_tokens: null,
      max_concurrency: null,
      max_context: null,
      sessions: null,
      fits: null,
    });
  });

  it("weights estimated from the config are the checkpoints': FP8 75 GiB, bf16 148 GiB", () => {
    const config = modelConfig("qwen3-coder-next");
    expect(estimateWeights(modelShape({ ...config, quantization_config: { quant_method: "fp8" } }))?.gib).toBeCloseTo(
      75,
      -0.5,
    );
    expect(estimateWeights(modelShape(config))?.gib).toBeCloseTo(148, -0.5);
    expect(findRecipe("qwen3-coder-next-fp8-h200")?.weightsGib).toBeCloseTo(75.5);
  });
});

describe("the pool", () => {
  it("holds max_context and not one block more", () => {
    const layouts = (["bf16", "fp8"] as const).flatMap((kvDtype) =>
      (["none", "align"] as const).map((mambaCacheMode) =>
        blockLayout(shape, { kvDtype, mambaCacheMode, tensorParallel: 1 }),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...layouts), fc.integer({ min: 1, max: 80 }), (layout, gib) => {
        const { maxContext, blocks } = poolCapacity(layout, gib * GIB, 1);
        expect(poolCapacity(layout, gib * GIB, maxContext).blocksPerRequest).toBe(blocks);
        expect(poolCapacity(layout, gib * GIB, maxContext + 1).maxConcurrency).toBeLessThan(1);
      }),
    );
  });
});

describe("a config.json", () => {
  it("of a model with latent attention, sliding windows or missing fields is refused by name", () => {
    const base = { num_hidden_layers: 4, num_attention_heads: 8, hidden_size: 64 };
    const refused = (more: object) => () => modelShape({ ...base, ...more });
    expect(refused({ kv_lora_rank: 512 })).toThrow(/MLA/);
    expect(refused({ layer_types: ["sliding_attention"] })).toThrow(/sliding_attention/);
    expect(refused({ linear_num_value_heads: 8 })).toThrow(/linear_num_key_heads/);
    expect(() => modelShape({ model_type: "x" })).toThrow(UnplannableModel);
    expect(() =>
      blockLayout(modelShape({ ...base, num_key_value_heads: 3 }), {
        kvDtype: "bf16",
        tensorParallel: 2,
        mambaCacheMode: "none",
      }),
    ).toThrow(/3 KV heads/);
  });

  it("is read where the language model is one level down", () => {
    const nested = modelShape({
      text_config: modelConfig("qwen3-coder-next"),
      quantization_config: { quant_method: "fp8" },
    });
    expect([nested.attentionLayers, nested.gdn?.layers, nested.config.quantization_config?.quant_method]).toEqual([
      12,
      36,
      "fp8",
    ]);
  });
});
