/**
 * A scripted stand-in for the `vllm` program, for tests of starting and stopping: it prints lines of real logs and answers
 * through vllm/simulator. What it does is decided by SCRIPTED_VLLM: `serve` (default), `crash` (ends with 3 after loading),
 * `fatal` (a context that does not fit; the front end lingers), `fatal-ends` (it does not), `stubborn` (serves and ignores SIGTERM), `crash-twice` (crashes until the file
 * SCRIPTED_VLLM_COUNT names has two lines).
 */
import { appendFileSync, readFileSync } from "node:fs";
import { script } from "../../../vllm/simulator/brain.ts";
import { startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";

const words = process.argv.slice(2);
const valueOfFlag = (flag: string): string => words[words.indexOf(flag) + 1] ?? "";
const mode = process.env.SCRIPTED_VLLM ?? "serve";
const say = (line: string) => process.stdout.write(`${line}\n`);

function crashes(): boolean {
  if (mode === "crash") return true;
  const count = process.env.SCRIPTED_VLLM_COUNT;
  if (mode !== "crash-twice" || count === undefined) return false;
  appendFileSync(count, "started\n");
  return readFileSync(count, "utf8").split("\n").length - 1 <= 2;
}

async function serve(): Promise<void> {
  say("(APIServer pid=1) INFO [api_server.py:1805] vLLM API server version 0.28.0 (scripted stand-in)");
  say("(EngineCore pid=2) INFO [gpu_model_runner.py:1953] Starting to load model tiny...");
  if (crashes()) {
    say("(EngineCore pid=2) Segmentation fault (scripted)");
    process.exit(3);
  }
  if (mode === "fatal" || mode === "fatal-ends") {
    say(
      "(EngineCore pid=2) ValueError: To serve at least one request with the models's max seq len (262144), (24.0 GiB KV cache is needed, which is larger than the available KV cache memory (3.18 GiB). Based on the available memory, the estimated maximum model length is 34736.",
    );
    // The engine is dead, the front end lingers: vLLM does so too.
    setTimeout(() => process.exit(1), mode === "fatal" ? 60_000 : 0);
    return;
  }
  say("(EngineCore pid=2) INFO [gpu_worker.py:508] Available KV cache memory: 0.5 GiB");
  say("(EngineCore pid=2) INFO [kv_cache_utils.py:2146] GPU KV cache size: 2,097,152 tokens");
  say("(EngineCore pid=2) INFO [kv_cache_utils.py:2147] Maximum concurrency for 2,048 tokens per request: 1024.00x");
  process.stderr.write(
    "\rCapturing CUDA graphs (decode, FULL):  50%|##   | 1/2\rCapturing CUDA graphs (decode, FULL): 100%|#####| 2/2\n",
  );
  const server = await startScriptedServer({
    brain: script([{ text: "ok" }]),
    modelId: valueOfFlag("--served-model-name"),
    port: Number(valueOfFlag("--port")),
    maxModelLen: Number(valueOfFlag("--max-model-len")),
  });
  say("(APIServer pid=1) INFO:     Application startup complete.");
  process.on("SIGTERM", () => {
    if (mode === "stubborn") return;
    void server.close().then(() => process.exit(0));
  });
}

if (words.includes("--version")) say("0.28.0");
else await serve();
