import { describe, expect, it } from "vitest";
import { bareLine, factsOf, mendOf, phaseOf } from "../../../vllm/server/logProgress.ts";

describe("vLLM's log", () => {
  it.each([
    ["INFO [gpu_model_runner.py:1953] Starting to load model Qwen2-7B-Instruct...", "loading"],
    ["(APIServer pid=1) INFO [api_utils.py:286] non-default args: {'model_tag': 'tiny', 'port': 8001}", "starting"],
    ["(EngineCore pid=2) INFO [core.py:133] Initializing a V1 LLM engine (v0.32.0) with config: model='x'", "starting"],
    ["Loading safetensors checkpoint shards:  10% Completed | 1/10 [00:04<00:41]", "loading"],
    ["INFO [backends.py:559] Dynamo bytecode transform time: 8.82 s", "compiling"],
    ["INFO [gpu_worker.py:298] Available KV cache memory: 44.59 GiB", "profiling"],
    ["Capturing CUDA graphs (decode, FULL): 100%|##| 35/35", "capturing"],
    ["INFO [api_server.py:1880] Starting vLLM API server 0 on http://0.0.0.0:8081", "listening"],
    [
      "WARNING [vllm.py:1703] Enforce eager set, disabling torch.compile, CUDAGraphs, and JIT kernel warmup.",
      undefined,
    ],
    ["INFO [cpu_worker.py:260] Auto set (5.29/12.46) GiB for KV cache on node 0, with 6.23 GiB requested", "profiling"],
    ["INFO [cuda.py:328] Using Flash Attention backend on V1 engine.", undefined],
  ])("%s → %s", (line, phase) => expect(phaseOf(line)).toBe(phase));

  it.each([
    ["(EngineCore pid=21319) ERROR 11-21 05:49:14 [core.py:1510] ValueError: To serve at", "ValueError: To serve at"],
    ["(APIServer pid=1) OSError: [Errno 98] Address already in use", "OSError: [Errno 98] Address already in use"],
    ["  RuntimeError: No CUDA GPUs are available ", "RuntimeError: No CUDA GPUs are available"],
  ])("%s → %s", (line, bare) => expect(bareLine(line)).toBe(bare));

  it("gives its figures, of old lines and of the one line that newer versions print", () => {
    expect(factsOf("INFO [x.py:1] Model loading took 14.2488 GiB and 2.99 seconds")).toEqual({ weightsGib: 14.2488 });
    expect(factsOf("Setting attention block size to 544 tokens to ensure that")).toEqual({ blockSize: 544 });
    expect(
      factsOf("GPU KV cache size: 394,633 tokens, Maximum concurrency for 10,240 tokens per request: 38.54x"),
    ).toEqual({ kvCacheTokens: 394_633, context: 10_240, maxConcurrency: 38.54 });
    // vLLM 0.32 on a CPU.
    expect(factsOf("INFO [cpu_worker.py:260] Auto set (5.29/12.46) GiB for KV cache on node 0")).toEqual({
      poolGib: 5.29,
    });
    expect(factsOf("INFO [cpu_worker.py:260] Explicitly set (1.0/15.21) GiB for KV cache on node 0.")).toEqual({
      poolGib: 1,
    });
    expect(factsOf("nothing of the kind")).toEqual({});
  });

  it.each([
    ["ValueError: max_num_seqs (1024) exceeds available Mamba cache blocks (614).", "mambaBlocks"],
    [
      "ValueError: To serve at least one request with the models's max seq len (221000), (10.12 GiB KV",
      "contextTooLong",
    ],
    ["ValueError: To serve at least one request with the model's max seq len (4096), (1 GiB KV", "contextTooLong"],
    ["ValueError: No available memory for the cache blocks. Try increasing", "noKvMemory"],
    [
      "ValueError: Free memory on device cuda:0 (12.3/139.81 GiB) on startup is less than desired GPU memory utilization (0.92, 128.6 GiB).",
      "gpuBusy",
    ],
    [
      "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 MiB. GPU 0 has a total capacity of 139.81 GiB",
      "outOfMemory",
    ],
    ["OSError: [Errno 98] Address already in use", "portInUse"],
    ["vllm: error: unrecognized arguments: --disable-log-requests", "unknownFlag"],
    ["RuntimeError: Assertion error (deep_gemm/csrc/jit/handle.hpp:83): fail", "deepGemm"],
    ["OSError: x/y is not a local folder and is not a valid model identifier listed on", "modelNotFound"],
    ["RuntimeError: No CUDA GPUs are available", "noGpu"],
    [
      "ValueError: The checkpoint you are trying to load has model type `qwen3_next` but Transformers does not recognize this architecture.",
      "oldTransformers",
    ],
    [
      "ValueError: User-specified max_model_len (300000) is greater than the derived max_model_len (max_position_embeddings=262144",
      "aboveModel",
    ],
    [
      "ValueError: Available memory on node 0 (3.1/12.46 GiB) on startup is less than desired CPU memory utilization (0.5, 6.23 GiB).",
      "hostMemory",
    ],
    ["RuntimeError: NCCL error: unhandled cuda error", "nccl"],
    ["WARNING [kv_cache_utils.py:1208] Add 3 padding layers, may waste at most 6.25% KV cache memory", undefined],
    ["INFO [gpu_worker.py:276] Available KV cache memory: 24.83 GiB", undefined],
  ])("%s → mend %s", (line, mend) => expect(mendOf(line)).toBe(mend));
});
