import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { findOpencode, isolatedEnvironment } from "../../src/cli/demo/environment.ts";
import { executeViaCLI } from "../../src/library/executeViaCLI.ts";
import { OpenCodeAcp } from "../../src/library/openCodeAcp.ts";
import { OpenCodeServerPool } from "../../src/library/openCodeServerPool.ts";
import { startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { round } from "./statistics.ts";

const MODEL = "scripted-qwen3-coder-next";
const PROMPTS = 10;
/** How many times faster four warm servers are than a process each, and the first warm answer (ms). */
const GOALS = { speedUp: 10, firstWarmMs: 2_000 };
const BASE_PORT = 4_196;

/** The same prompts on the scripted model: a process each one after the other and at once, one warm server, four of them, one process by ACP. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "prompts", fallback: PROMPTS });
  // The bench is run from the repository's root.
  const program = await findOpencode({ PATH: "" }, process.cwd());
  const about = machine("1.18.33");
  const home = await mkdtemp(path.join(tmpdir(), "aegis-pool-"));
  const model = await startScriptedServer({
    modelId: MODEL,
    brain: (turn) => ({ text: `Answer to ${turn.userText}` }),
  });
  const project = path.join(home, "project");
  const env = {
    ...isolatedEnvironment(process.env, home, "unused"),
    PATH: `${path.dirname(program)}:${process.env.PATH ?? ""}`,
  };
  try {
    await mkdir(path.join(home, ".config/opencode"), { recursive: true });
    await mkdir(project);
    const provider = {
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: model.baseUrl, apiKey: "scripted" },
      models: { [MODEL]: { name: MODEL, limit: { context: 131_072, output: 8_192 } } },
    };
    const settings = {
      snapshot: false,
      share: "disabled",
      enabled_providers: ["aegis"],
      provider: { aegis: provider },
    };
    await writeFile(path.join(home, ".config/opencode/opencode.json"), JSON.stringify(settings));
    const prompts = Array.from({ length: options.count }, (_, at) => `Prompt-${at}`);
    const named = `aegis/${MODEL}`;
    const once = async (prompt: string) => {
      const request = { provider: "opencode", model: named, agent: "build", prompt, projectDir: project, env };
      const { stdout, failure } = await executeViaCLI(request);
      check(prompt, stdout, failure?.message);
    };
    await once("warm-up");
    progress("a process each, one after the other");
    const each = await timed(async () => {
      for (const prompt of prompts) await once(prompt);
    });
    progress("a process each, three at once");
    const three = await timed(async () => {
      const left = [...prompts];
      const lane = async () => {
        for (let prompt = left.shift(); prompt !== undefined; prompt = left.shift()) await once(prompt);
      };
      await Promise.all([lane(), lane(), lane()]);
    });
    const pools = [];
    for (const servers of [1, 4]) {
      progress(`a pool of ${servers}`);
      const pool = new OpenCodeServerPool({
        minServers: servers,
        maxServers: servers,
        basePort: BASE_PORT,
        projectDir: project,
        env,
      });
      try {
        const startMs = await timed(async () => void (await pool.initialize()));
        const ask = async (prompt: string) => {
          const { stdout, stderr, exitCode } = await pool.execute(prompt, { model: named, agent: "build" });
          check(prompt, stdout, exitCode === 0 ? undefined : stderr);
        };
        // One prompt a server, as after any first use.
        await Promise.all(Array.from({ length: servers }, (_, at) => ask(`warm-up-${at}`)));
        const firstMs = await timed(() => ask("first"));
        const allMs = await timed(async () => void (await Promise.all(prompts.map(ask))));
        pools.push({ servers, startMs, firstMs, allMs });
      } finally {
        await pool.shutdown();
      }
    }
    progress("one process by the Agent Client Protocol");
    const agent = new OpenCodeAcp({ projectDir: project, env });
    const acp = { startMs: 0, firstMs: 0, allMs: 0 };
    try {
      acp.startMs = await timed(() => agent.initialize());
      const ask = async (prompt: string) => {
        const { stdout, failure } = await agent.execute(prompt, { model: named, agent: "build" });
        check(prompt, stdout, failure?.message);
      };
      await ask("warm-up");
      acp.firstMs = await timed(() => ask("first"));
      acp.allMs = await timed(async () => void (await Promise.all(prompts.map(ask))));
    } finally {
      await agent.shutdown();
    }
    const four = pools.find(({ servers }) => servers === 4);
    const speedUp = round(each / (four?.allMs ?? Number.NaN), 1);
    const met = speedUp >= GOALS.speedUp && (four?.firstMs ?? Number.NaN) <= GOALS.firstWarmMs;
    const result = {
      about,
      met,
      goals: GOALS,
      prompts: options.count,
      eachMs: each,
      threeAtOnceMs: three,
      pools,
      acp,
      speedUp,
    };
    const lines = [
      `a process each, in turn: ${each} ms; three at once: ${three} ms`,
      ...pools.map(
        (one) => `pool of ${one.servers}: start ${one.startMs} ms, first warm ${one.firstMs} ms, all ${one.allMs} ms`,
      ),
      `acp: start ${acp.startMs} ms, first warm ${acp.firstMs} ms, all ${acp.allMs} ms`,
      `pool of 4 against a process each: ${speedUp} times faster (goal ${GOALS.speedUp})`,
    ];
    finish(result, lines, options.json);
  } finally {
    await model.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function check(prompt: string, answer: string, failure: string | undefined): void {
  if (failure !== undefined || !answer.includes(prompt)) throw new Error(`${prompt}: ${failure ?? answer}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return Math.round(performance.now() - started);
}
