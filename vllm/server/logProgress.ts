/** Where a start has got to, in order. */
export type Phase = "starting" | "loading" | "compiling" | "profiling" | "capturing" | "listening";

/** Lines of vLLM's log by the phase they begin. Wordings of 0.10 to 0.33. */
const phases: readonly (readonly [Phase, RegExp])[] = [
  // Before these lines Python imports for 15 seconds and more, and says nothing.
  ["starting", /non-default args:|Initializing a V\d LLM engine/],
  ["loading", /Starting to load model|Loading (?:safetensors|weights)|Loading model from/],
  // "disabling torch.compile" is what an eager start says.
  ["compiling", /(?<!disabling )torch\.compile|Dynamo bytecode transform|Compiling a graph|Using cache directory/],
  ["profiling", /Available KV cache memory|GiB for KV cache|KV cache size:/],
  ["capturing", /Capturing CUDA graphs?|Graph capturing finished/],
  ["listening", /Starting vLLM (?:API )?server|Application startup complete|Uvicorn running/],
];

/** What vLLM says of itself while it starts. GiB and tokens as printed. */
export interface StartupFacts {
  weightsGib?: number;
  poolGib?: number;
  blockSize?: number;
  kvCacheTokens?: number;
  context?: number;
  maxConcurrency?: number;
}

const count = (word: string | undefined): number => Number((word ?? "").replaceAll(",", ""));

/** Whether a phase comes after another; vLLM's workers say some lines again when the next phase is on already. */
export const isLater = (phase: Phase, than: Phase | undefined): boolean => {
  const order = phases.map(([name]) => name);
  return than === undefined || order.indexOf(phase) > order.indexOf(than);
};

/** The phase a line begins, or undefined. */
export function phaseOf(line: string): Phase | undefined {
  return phases.find(([, pattern]) => pattern.test(line))?.[0];
}

/** Reads figures from one line; an empty object where it has none. */
export function factsOf(line: string): StartupFacts {
  const weights = /Model loading took ([\d.]+) Gi?B/.exec(line);
  // The second wording is that of a build for a CPU.
  const pool =
    /Available KV cache memory: (-?[\d.]+) GiB/.exec(line) ??
    /(?:Auto|Explicitly) set \(([\d.]+)\/[\d.]+\) GiB for KV cache/.exec(line);
  const block = /Setting attention block size to (\d+) tokens/.exec(line);
  const tokens = /KV cache size: ([\d,]+) tokens/.exec(line);
  const concurrency = /Maximum concurrency for ([\d,]+) tokens per request: ([\d.]+)x/.exec(line);
  return {
    ...(weights ? { weightsGib: Number(weights[1]) } : {}),
    ...(pool ? { poolGib: Number(pool[1]) } : {}),
    ...(block ? { blockSize: Number(block[1]) } : {}),
    ...(tokens ? { kvCacheTokens: count(tokens[1]) } : {}),
    ...(concurrency ? { context: count(concurrency[1]), maxConcurrency: Number(concurrency[2]) } : {}),
  };
}

export type Mend =
  | "mambaBlocks"
  | "contextTooLong"
  | "noKvMemory"
  | "gpuBusy"
  | "outOfMemory"
  | "portInUse"
  | "unknownFlag"
  | "deepGemm"
  | "modelNotFound"
  | "noGpu"
  | "oldTransformers"
  | "aboveModel"
  | "nccl"
  | "hostMemory";

/** Lines after which a start is lost, with what mends it. Sources: vLLM's sources 0.16 to 0.33 and its issues. */
const fatal: readonly (readonly [Mend, RegExp])[] = [
  ["mambaBlocks", /max_num_seqs \(\d+\) exceeds available Mamba cache blocks/],
  ["contextTooLong", /To serve at least one request with the model'?s'?s? max seq len/],
  ["noKvMemory", /No available memory for the cache blocks/],
  ["gpuBusy", /Free memory on device .*is less than desired GPU memory utilization/],
  ["hostMemory", /Available memory on node .* is less than (?:desired CPU memory|requested memory)/],
  ["outOfMemory", /CUDA out of memory|torch\.(?:cuda\.)?OutOfMemoryError/],
  ["portInUse", /\[Errno 98\]|[Aa]ddress already in use/],
  ["unknownFlag", /error: unrecognized arguments:|error: argument .*(?:invalid|expected)/],
  ["deepGemm", /deep_gemm.*(?:[Ee]rror|[Aa]ssert|fail)|DeepGEMM.*(?:[Ee]rror|fail)/],
  [
    "modelNotFound",
    /is not a local folder and is not a valid model identifier|Repository Not Found|GatedRepoError|Cannot find any model weights|LocalEntryNotFoundError/,
  ],
  ["noGpu", /No CUDA GPUs are available|Failed to infer device type|Found no NVIDIA driver/],
  ["oldTransformers", /does not recognize this architecture|Model architectures .* are not supported/],
  ["aboveModel", /max_model_len \(\d+\) is greater than the derived max_model_len/],
  ["nccl", /NCCL error|ncclUnhandledCudaError|ncclSystemError/],
];

/** A line without what vLLM's logger puts before it: process, level, time and place. */
export const bareLine = (line: string): string =>
  line
    .trim()
    .replace(/^(?:\([^)]*\)\s*)?(?:(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) [\d-]+ [\d:.]+ )?(?:\[[\w.]+:\d+\]\s*)?/, "");

/** Every mend there is, once. */
export const mends: readonly Mend[] = fatal.map(([mend]) => mend);

/** The mend of a fatal line, or undefined for any other line. */
export function mendOf(line: string): Mend | undefined {
  return fatal.find(([, pattern]) => pattern.test(line))?.[0];
}
