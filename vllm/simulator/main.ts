/**
 * The simulated vLLM as a program: takes `vllm serve`'s words, models the server they describe and answers at its pace with
 * filler. Variables: OMQ_SIMULATE_SCALE (modelled seconds in a real one, default 1; `virtual`: time jumps from step to step, and
 * a client that measures holds it), OMQ_SIMULATE_SKEW (a seed: a GPU that is up to 30 % unlike the figures).
 */
import { blockLayout, poolCapacity } from "../capacity/blocks.ts";
import { flagValue } from "../recipes/argv.ts";
import { DEFAULT_RECIPE, findRecipe, recipes } from "../recipes/recipe.ts";
import { figures } from "../scheduler/figures.ts";
import { type Point, poolGib, servedModel, settingsOf } from "../tune/points.ts";
import { filler } from "./filler.ts";
import { ScaledPace, VirtualPace } from "./pace.ts";
import { PacedEngine } from "./pacedEngine.ts";
import { startScriptedServer } from "./scriptedServer.ts";
import { skewed } from "./skew.ts";
import { VirtualTime } from "./virtualTime.ts";

/** The newest vLLM whose behaviour the model follows, so that a start passes the flags that version knows. */
const VERSION = "0.33.0+simulated";
const words = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const number = (flag: string, fallback: number): number => Number(flagValue(words, flag) ?? fallback);
const fromEnv = (name: string): number | undefined => {
  const value = Number(process.env[name] || Number.NaN);
  return Number.isFinite(value) ? value : undefined;
};

/** Keys as `vllm serve` takes them: the words after --api-key, else VLLM_API_KEY, which `start-vllm` sets from AEGIS_API_KEY. */
function apiKeys(): string[] {
  const at = words.lastIndexOf("--api-key");
  if (at === -1) return [flagValue(words, "--api-key") ?? process.env.VLLM_API_KEY ?? ""].filter((key) => key !== "");
  const after = words.slice(at + 1);
  const end = after.findIndex((word) => word.startsWith("--"));
  return end === -1 ? after : after.slice(0, end);
}

function fatal(line: string): never {
  say(`(EngineCore pid=${process.pid}) ERROR ${line}`);
  process.exit(1);
}

async function serve(): Promise<void> {
  const model = words[1] ?? "";
  const recipe = recipes().find((one) => one.model === model && one.gpu !== null) ?? findRecipe(DEFAULT_RECIPE);
  if (!recipe) fatal("ValueError: there is no recipe to simulate");
  const skew = fromEnv("OMQ_SIMULATE_SKEW");
  const timeScale = fromEnv("OMQ_SIMULATE_SCALE") ?? 1;
  const served = servedModel(recipe, skew === undefined ? figures() : skewed(figures(), skew));
  const point: Point = {
    maxNumSeqs: number("--max-num-seqs", 1024),
    maxNumBatchedTokens: number("--max-num-batched-tokens", 8192),
    context: number("--max-model-len", served.shape.maxPositions ?? recipe.context),
    kvDtype: (flagValue(words, "--kv-cache-dtype") ?? "auto").startsWith("fp8") ? "fp8" : "bf16",
    utilization: number("--gpu-memory-utilization", 0.92),
  };
  say("(APIServer pid=1) INFO simulated vLLM: no GPU and no model, a scheduler model and filler text");
  say(`(EngineCore pid=2) INFO [gpu_model_runner.py:1] Starting to load model ${model} (simulated)...`);
  const pool = poolGib(served, point);
  const fitted = settingsOf(served, point, 0);
  if ("unfit" in fitted) {
    if (fitted.unfit === "pool")
      fatal(
        `ValueError: To serve at least one request with the models's max seq len (${point.context}), more KV cache is needed than the available KV cache memory (${pool.toFixed(2)} GiB). (simulated)`,
      );
    if (fitted.unfit === "sequences")
      fatal(`ValueError: max_num_seqs (${point.maxNumSeqs}) exceeds available Mamba cache blocks (simulated)`);
    fatal(`ValueError: the setting cannot be served: ${fitted.unfit} (simulated)`);
  }
  const { settings } = fitted;
  const { tensorParallel, mambaCacheMode } = recipe;
  const layout = blockLayout(served.shape, { kvDtype: point.kvDtype, tensorParallel, mambaCacheMode });
  const capacity = poolCapacity(layout, pool * 2 ** 30, point.context);
  const tokens = capacity.kvCacheTokens.toLocaleString("en-US");
  say(
    `(EngineCore pid=2) INFO [interface.py:1] Setting attention block size to ${layout.blockSize} tokens (simulated)`,
  );
  say(`(EngineCore pid=2) INFO [gpu_worker.py:1] Available KV cache memory: ${pool.toFixed(2)} GiB`);
  say(`(EngineCore pid=2) INFO [kv_cache_utils.py:1] GPU KV cache size: ${tokens} tokens`);
  say(
    `(EngineCore pid=2) INFO [kv_cache_utils.py:2] Maximum concurrency for ${point.context.toLocaleString("en-US")} tokens per request: ${capacity.maxConcurrency.toFixed(2)}x`,
  );
  const virtual = process.env.OMQ_SIMULATE_SCALE === "virtual" ? new VirtualPace() : undefined;
  const engine = new PacedEngine({
    settings,
    pace: virtual ?? new ScaledPace(timeScale),
    cache: {
      blockSize: layout.blockSize,
      blocks: capacity.blocks,
      kvCacheTokens: capacity.kvCacheTokens,
      maxConcurrency: capacity.maxConcurrency,
      dtype: point.kvDtype === "fp8" ? "fp8" : "auto",
      utilization: point.utilization,
    },
  });
  const server = await startScriptedServer({
    brain: filler,
    modelId: flagValue(words, "--served-model-name") ?? model,
    port: number("--port", 8000),
    maxModelLen: point.context,
    timeScale,
    version: VERSION,
    apiKeys: apiKeys(),
    engine,
    ...(virtual ? { virtualTime: new VirtualTime(engine, virtual) } : {}),
  });
  say("(APIServer pid=1) INFO:     Application startup complete.");
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => void server.close().then(() => process.exit(0)));
}

if (words.includes("--version")) say(VERSION);
else if (words[0] === "serve") await serve();
else {
  process.stderr.write("simulate-vllm: takes the words of `vllm serve MODEL …`; it serves no real model.\n");
  process.exit(2);
}
