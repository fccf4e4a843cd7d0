import { type ModelShape, UnplannableModel } from "./modelShape.ts";

/**
 * How vLLM cuts a KV cache into blocks. The arithmetic is that of vLLM 0.22 to 0.33 (`platforms/interface.py`
 * `_align_hybrid_block_size`, `v1/kv_cache_interface.py`, `v1/core/kv_cache_utils.py`). Since 0.29 it holds one block back
 * when it estimates the longest context; 0.33 has `prefillCheckpoints`.
 */
export interface BlockOptions {
  kvDtype: KvDtype;
  tensorParallel: number;
  mambaCacheMode: MambaCacheMode;
  /** Tokens of speculation per step; 0 without. A draft model's attention layers count in `draftLayers`. */
  speculativeTokens?: number;
  /** Attention layers of a draft (MTP or EAGLE) that share the pool. */
  draftLayers?: number;
  /**
   * vLLM 0.33 on a GPU where FlashInfer's GDN prefill kernel is used (Hopper; Blackwell with CUDA 13): with `align` it
   * takes state checkpoints inside a prefill, which need blocks of a multiple of 64 tokens and one more block a group.
   */
  prefillCheckpoints?: boolean | undefined;
  /** What vLLM computes on; `gpu` where it is left out. A CPU has wider blocks and keeps the recurrent state in 32 bits. */
  device?: "gpu" | "cpu" | undefined;
}

export type KvDtype = "bf16" | "fp8";
export type MambaCacheMode = "none" | "align";

export interface BlockLayout {
  /** Bytes of keys and values of one token in one attention layer, on one GPU. */
  pageBytesPerToken: number;
  /** The same over every layer of the model and every GPU. */
  kvBytesPerToken: number;
  /** Recurrent state of one sequence over all layers and GPUs; 0 for a model without. */
  stateBytesPerSequence: number;
  /** State of one GDN layer on one GPU, before it is padded to a page. */
  stateBytesPerLayer: number;
  /** Tokens that a block is a multiple of. */
  blockStep: number;
  /** Tokens. */
  blockSize: number;
  /** Layers that share one block number. */
  groupLayers: number;
  attentionGroups: number;
  gdnGroups: number;
  /** State blocks one request holds in each GDN group. */
  stateBlocksPerGroup: number;
  /** Bytes of one block number on one GPU, over the layers of a group. */
  blockBytes: number;
}

/** vLLM's default block, and the smallest step of a kernel block of FlashAttention, FlashInfer and Triton, in tokens. */
const KERNEL_BLOCK = 16;
/** The same of vLLM's CPU backend (platforms/cpu.py; seen on vLLM 0.32 in `npm run test:vllm`). */
const CPU_KERNEL_BLOCK = 128;
/** Bytes; the CPU kernels of gated delta nets keep the recurrent state as float32 ("Reset SSM cache type to float32"). */
const CPU_SSM_BYTES = 4;
/** Where one kind of layer is less than this much more frequent than the other, vLLM pads the smaller kind instead. */
const PADDING_LIMIT = 1.5;

/** Tokens; FLASHINFER_GDN_CHECKPOINT_ALIGNMENT in v1/attention/backends/gdn_attn.py of vLLM 0.33. */
const CHECKPOINT_ALIGNMENT = 64;

const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);

function shard(what: string, count: number, ranks: number): number {
  if (count % ranks !== 0) throw new UnplannableModel(`${count} ${what} cannot be split over ${ranks} GPUs`);
  return count / ranks;
}

/** Bytes of one GDN layer's state on one GPU: the convolution window and the recurrent matrix. */
function stateBytes(shape: ModelShape, ranks: number, speculative: number, device: BlockOptions["device"]): number {
  const gdn = shape.gdn;
  if (!gdn) return 0;
  const convDim = gdn.keyHeadDim * gdn.keyHeads * 2 + gdn.valueHeadDim * gdn.valueHeads;
  const conv = shard("convolution channels", convDim, ranks) * (gdn.convKernel - 1 + speculative) * shape.dtypeBytes;
  const ssm = shard("linear value heads", gdn.valueHeads, ranks) * gdn.valueHeadDim * gdn.keyHeadDim;
  return conv + ssm * (device === "cpu" ? CPU_SSM_BYTES : (gdn.ssmBytes ?? shape.dtypeBytes));
}

/** Lays out the blocks of a model. Throws UnplannableModel where the heads do not divide among the GPUs. */
export function blockLayout(shape: ModelShape, options: BlockOptions): BlockLayout {
  const ranks = options.tensorParallel;
  const speculative = options.speculativeTokens ?? 0;
  // With more GPUs than KV heads, each GPU keeps one head whole.
  const kvHeads = shape.kvHeads >= ranks ? shard("KV heads", shape.kvHeads, ranks) : 1;
  const elementBytes = options.kvDtype === "fp8" ? 1 : shape.dtypeBytes;
  const pageBytesPerToken = 2 * kvHeads * shape.headDim * elementBytes;
  const kvBytesPerToken = 2 * shape.kvHeads * shape.headDim * elementBytes * shape.attentionLayers;
  const attention = shape.attentionLayers + (options.draftLayers ?? 0);
  const kernelBlock = options.device === "cpu" ? CPU_KERNEL_BLOCK : KERNEL_BLOCK;
  const gdn = shape.gdn;
  if (!gdn) {
    return {
      pageBytesPerToken,
      kvBytesPerToken,
      stateBytesPerSequence: 0,
      stateBytesPerLayer: 0,
      blockStep: kernelBlock,
      blockSize: kernelBlock,
      groupLayers: attention,
      attentionGroups: 1,
      gdnGroups: 0,
      stateBlocksPerGroup: 0,
      blockBytes: kernelBlock * pageBytesPerToken * attention,
    };
  }
  const perLayer = stateBytes(shape, ranks, speculative, options.device);
  const align = options.mambaCacheMode === "align";
  const checkpoints = align && options.prefillCheckpoints === true;
  const step = checkpoints ? CHECKPOINT_ALIGNMENT : kernelBlock;
  const blockSize = step * ceilDiv(perLayer, step * pageBytesPerToken);
  const few = Math.min(attention, gdn.layers);
  const many = Math.max(attention, gdn.layers);
  const groupLayers = many < few * PADDING_LIMIT ? many : few;
  return {
    pageBytesPerToken,
    kvBytesPerToken,
    stateBytesPerSequence: stateBytes(shape, 1, speculative, options.device) * gdn.layers,
    stateBytesPerLayer: perLayer,
    blockStep: step,
    blockSize,
    groupLayers,
    attentionGroups: ceilDiv(attention, groupLayers),
    gdnGroups: ceilDiv(gdn.layers, groupLayers),
    stateBlocksPerGroup: (align ? 2 : 1) + (checkpoints ? 1 : 0) + speculative,
    blockBytes: blockSize * pageBytesPerToken * groupLayers,
  };
}

/** Counts of GPUs, up to 8, that a model's heads divide among. */
export function splittable(shape: ModelShape, options: BlockOptions): number[] {
  return [1, 2, 4, 8].filter((tensorParallel) => {
    try {
      blockLayout(shape, { ...options, tensorParallel });
      return true;
    } catch (error) {
      if (error instanceof UnplannableModel) return false;
      throw error;
    }
  });
}

/** What a pool of blocks holds. */
export interface PoolCapacity {
  blocks: number;
  blocksPerRequest: number;
  /** "GPU KV cache size" of vLLM's log since 0.22. */
  kvCacheTokens: number;
  /** "Maximum concurrency" of vLLM's log, not rounded. */
  maxConcurrency: number;
  /** Tokens: the largest multiple of the block that one request can have in this pool, whatever the model allows. */
  maxContext: number;
}

/**
 * Capacity of a pool at one context length.
 *
 * @param poolBytes "Available KV cache memory" of one GPU
 * @param context tokens of one request
 */
export function poolCapacity(layout: BlockLayout, poolBytes: number, context: number): PoolCapacity {
  const blocks = Math.max(0, Math.floor(poolBytes / layout.blockBytes));
  const stateBlocks = layout.gdnGroups * layout.stateBlocksPerGroup;
  const blocksPerRequest = layout.attentionGroups * ceilDiv(context, layout.blockSize) + stateBlocks;
  const maxConcurrency = blocks / blocksPerRequest;
  return {
    blocks,
    blocksPerRequest,
    // In this order, and in floating point, as vLLM computes `int(max_concurrency * max_model_len)`.
    kvCacheTokens: Math.trunc(maxConcurrency * context),
    maxConcurrency,
    maxContext: Math.max(0, Math.floor((blocks - stateBlocks) / layout.attentionGroups)) * layout.blockSize,
  };
}

/**
 * "GPU KV cache size" as vLLM printed it up to 0.21: whole blocks of one group, which understates hybrids. Its
 * "Maximum concurrency" was already the one of `poolCapacity`.
 */
export function kvCacheTokensBefore022(layout: BlockLayout, blocks: number): number {
  return Math.floor(blocks / (layout.attentionGroups + layout.gdnGroups)) * layout.blockSize;
}
