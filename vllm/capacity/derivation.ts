import type { Language } from "../../src/core/workflow/model.ts";
import { type BlockLayout, blockLayout, type PoolCapacity, poolCapacity } from "./blocks.ts";
import { derivationWord } from "./derivationWords.ts";
import type { PlanInput } from "./planInput.ts";
import { mostSessionsOf, sessionsOf } from "./swarmSessions.ts";
import { isCovered } from "./versions.ts";

type Word = (key: Parameters<typeof derivationWord>[1], values?: Readonly<Record<string, string | number>>) => string;

/** What was worked out of a plan's input. */
export interface Derived {
  layout: BlockLayout;
  /** Undefined where the pool is. */
  capacity: PoolCapacity | undefined;
  /** GiB for the KV cache on one GPU, below 0 where the weights leave no room; undefined where nobody knows. */
  left: number | undefined;
}

const number = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 2 });
const mib = (bytes: number): string => number(bytes / 2 ** 20);

/** How a plan's figures come about, a sentence a step. */
export function derive(input: PlanInput, derived: Derived, language: Language): string[] {
  const word: Word = (key, values) => derivationWord(language, key, values);
  const { weightsGib, workers, vllmVersion: version, shape, context } = input;
  return [
    weightsGib === undefined
      ? word("weightsUnknown")
      : word("weights", { gib: number(weightsGib), from: input.weightsFrom }),
    ...layoutLines(input, derived.layout, word),
    poolLine(input, derived.left, word),
    ...(derived.capacity ? capacityLines(input, derived.layout, derived.capacity, word) : []),
    ...(shape.maxPositions !== undefined && context > shape.maxPositions
      ? [word("aboveModel", { max: number(shape.maxPositions), context: number(context) })]
      : []),
    ...(workers === undefined
      ? []
      : [word("sessions", { workers, sessions: sessionsOf(workers), most: mostSessionsOf(workers) })]),
    ...(derived.left === undefined ? [] : checkpointLines(input, Math.max(0, derived.left), word)),
    version !== undefined && !isCovered(version) ? word("unread", { version }) : word("arithmetic"),
  ];
}

function poolLine({ poolGib, gpu, ...input }: PlanInput, left: number | undefined, word: Word): string {
  if (poolGib !== undefined) return word("poolGiven", { gib: poolGib });
  if (!gpu || input.weightsGib === undefined || left === undefined) return word("poolUnknown");
  const line = word("pool", {
    gpuGib: gpu.gib,
    gpu: gpu.name,
    util: input.util,
    weights: number(input.weightsGib / input.tensorParallel),
    overhead: input.overheadGib,
    left: number(left).replace("-", "−"),
  });
  return left > 0 ? line : `${line}: ${word("noRoom")}`;
}

function layoutLines({ shape, kvDtype, device }: PlanInput, layout: BlockLayout, word: Word): string[] {
  const { gdn } = shape;
  const kv = word("kv", {
    layers: shape.attentionLayers,
    heads: shape.kvHeads,
    dim: shape.headDim,
    element: kvDtype === "fp8" ? 1 : shape.dtypeBytes,
    bytes: number(layout.kvBytesPerToken),
    kind: kvDtype,
  });
  if (!gdn) {
    const values = { size: layout.blockSize, mib: mib(layout.blockBytes), layers: layout.groupLayers };
    return [kv, word(device === "cpu" ? "denseBlockCpu" : "denseBlock", values)];
  }
  return [
    kv,
    word("state", { layers: gdn.layers, mib: mib(layout.stateBytesPerSequence) }),
    word("block", {
      step: layout.blockStep,
      state: number(layout.stateBytesPerLayer),
      page: layout.pageBytesPerToken,
      size: layout.blockSize,
    }),
    word("groups", {
      layers: layout.groupLayers,
      attention: layout.attentionGroups,
      gdn: layout.gdnGroups,
      mib: mib(layout.blockBytes),
    }),
  ];
}

function capacityLines(
  { context, mambaCacheMode: mode }: PlanInput,
  layout: BlockLayout,
  capacity: PoolCapacity,
  word: Word,
): string[] {
  const { gdnGroups: groups, stateBlocksPerGroup: each } = layout;
  const one = { tokens: number(context), context, size: layout.blockSize, blocks: capacity.blocksPerRequest };
  return [
    word("blocks", { mib: mib(layout.blockBytes), blocks: number(capacity.blocks) }),
    groups * each === 0 ? word("request", one) : word("requestWithState", { ...one, groups, each, mode }),
    word("concurrency", {
      blocks: number(capacity.blocks),
      each: capacity.blocksPerRequest,
      concurrency: capacity.maxConcurrency.toFixed(2),
      tokens: number(capacity.kvCacheTokens),
    }),
  ];
}

/** The other figure that a newer vLLM has on some GPUs. */
function checkpointLines(input: PlanInput, poolGib: number, word: Word): string[] {
  if (!input.shape.gdn || input.mambaCacheMode !== "align" || input.device === "cpu") return [];
  // Whoever names a version has its own figures above.
  if (input.vllmVersion !== undefined) return [];
  const layout = blockLayout(input.shape, { ...input, prefillCheckpoints: true });
  const { maxConcurrency } = poolCapacity(layout, poolGib * 2 ** 30, input.context);
  return [word("checkpoints", { size: layout.blockSize, concurrency: maxConcurrency.toFixed(2) })];
}
