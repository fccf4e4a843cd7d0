import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { findOpencode } from "../../src/cli/demo/environment.ts";
import { calls, say } from "../../vllm/simulator/brain.ts";
import { startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { type Home, MODEL, makeHome, packageDir } from "./homes.ts";
import { startRecorder } from "./recorder.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { firstDifference } from "./sameRequests.ts";
import { estimate, round } from "./statistics.ts";

const PAIRS = 30;
const TIMED_RUNS = 15;
const CATALOGUE_PAIRS = 10;
const LOAD_GOAL_MS = 150;
const RATIO_GOAL = 1.05;
const times = z.object({ load: z.number(), server: z.number(), config: z.number() });

/**
 * What the plugin costs a person who does not use it: its load inside OpenCode, `opencode run "say hi"` with it and
 * without, and whether the build agent's requests stay the same to the byte.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "pairs", fallback: PAIRS });
  const program = await findOpencode({ PATH: "" }, packageDir);
  const { stdout: version } = await execa(program, ["--version"]);
  const about = machine(version.trim());
  const model = await startScriptedServer({
    modelId: MODEL,
    // One turn with tools, so that their results are compared too; stateless, as the model's answers must be the same.
    brain: (turn) =>
      turn.userText.includes("look") && turn.toolResults.length === 0
        ? calls(["glob", { pattern: "*" }], ["bash", { command: "echo $SHLVL; pwd", description: "look" }])
        : say("Hi."),
  });
  const recorder = await startRecorder(model.baseUrl);
  const project = await makeProject();
  const homes: Home[] = [];
  const home = async (kind: Home["kind"]) => {
    const made = await makeHome(kind, recorder.baseUrl);
    homes.push(made);
    return made;
  };
  const run = async ({ env }: Home, prompt: string, extra: Record<string, string> = {}) => {
    recorder.take();
    const began = performance.now();
    const running = execa(program, ["run", "--agent", "build", "--title", "bench", prompt], {
      cwd: project,
      env: { ...env, ...extra },
      extendEnv: false,
      stdin: "ignore",
      timeout: 120_000,
    });
    const peak = watchMemory(running.pid);
    await running.finally(peak.stop);
    return { ms: performance.now() - began, requests: recorder.take(), peakMiB: peak.mib() };
  };
  try {
    const [plain, ours, timed] = [await home("without"), await home("with"), await home("timed")];
    progress("warming up, comparing requests");
    for (const each of [plain, ours]) await run(each, "say hi");
    const reference = [await run(plain, "look around"), await run(plain, "look around")] as const;
    const compared = await run(ours, "look around");
    const changed = firstDifference(reference[0].requests, reference[1].requests, compared.requests);

    const file = join(project, "..", `${project.split("/").at(-1)}-times.jsonl`);
    for (let n = 0; n < TIMED_RUNS; n += 1) await run(timed, "say hi", { AEGIS_BENCH_TIMES: file });
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    await rm(file);
    const [first, ...warm] = lines.map((line) => times.parse(JSON.parse(line)));

    const ratios: number[] = [];
    const walls = { with: [] as number[], without: [] as number[] };
    for (let pair = 0; pair < options.count; pair += 1) {
      // The order changes with every pair, so that a drift of the machine falls on both sides.
      const order = pair % 2 === 0 ? [plain, ours] : [ours, plain];
      const taken = new Map<Home, number>();
      for (const each of order) taken.set(each, (await run(each, "say hi")).ms);
      const [without = 1, withUs = 1] = [taken.get(plain), taken.get(ours)];
      walls.without.push(without);
      walls.with.push(withUs);
      ratios.push(withUs / without);
      progress(`pair ${pair + 1}/${options.count}: ${Math.round(without)} ms without, ${Math.round(withUs)} ms with`);
    }
    const lean = await withoutCatalogue(ours, (env) => run(ours, "say hi", env));
    const result = {
      bench: "startup",
      machine: about,
      load: estimate(warm.map((each) => each.load)),
      server: estimate(warm.map((each) => each.server)),
      config: estimate(warm.map((each) => each.config)),
      firstStart: first && {
        load: round(first.load, 1),
        server: round(first.server, 1),
        config: round(first.config, 1),
      },
      wallWithMs: estimate(walls.with),
      wallWithoutMs: estimate(walls.without),
      ratio: estimate(ratios),
      withoutCatalogue: lean,
      buildAgentRequests: { compared: reference[0].requests.length, identical: changed === undefined, changed },
      goals: { loadMs: LOAD_GOAL_MS, ratio: RATIO_GOAL },
      met: false,
    };
    result.met = result.load.median <= LOAD_GOAL_MS && result.ratio.median <= RATIO_GOAL && changed === undefined;
    const span = (name: string, value: { median: number; low: number; high: number }, unit: string) =>
      `${name}: ${value.median}${unit} (95 %: ${value.low} to ${value.high})`;
    finish(
      result,
      [
        span("load inside OpenCode", result.load, " ms"),
        span("server()", result.server, " ms"),
        span("config hook", result.config, " ms"),
        span("opencode run, without", result.wallWithoutMs, " ms"),
        span("opencode run, with", result.wallWithMs, " ms"),
        span("with / without", result.ratio, ""),
        span("without OpenCode's catalogue of models / with it: wall", lean.wallRatio, ""),
        span("without OpenCode's catalogue of models / with it: peak memory", lean.memoryRatio, ""),
        `build agent's requests: ${changed === undefined ? "the same to the byte" : changed}`,
      ],
      options.json,
    );
  } finally {
    await recorder.close();
    await model.close();
    await Promise.all(homes.map((each) => each.remove()));
    await rm(project, { recursive: true, force: true });
  }
}

/**
 * What OpenCode's built-in list of hosted models costs where none is used: `opencode run` as `env.sh` makes it against
 * the same without that line, in pairs.
 */
async function withoutCatalogue(
  home: Home,
  run: (env: Record<string, string>) => Promise<{ ms: number; peakMiB: number }>,
) {
  const taken: { lean: { ms: number; peakMiB: number }; full: { ms: number; peakMiB: number } }[] = [];
  for (let pair = 0; pair < CATALOGUE_PAIRS; pair += 1) {
    const first = await run(pair % 2 === 0 ? home.noCatalogue : {});
    const second = await run(pair % 2 === 0 ? {} : home.noCatalogue);
    const [lean, full] = pair % 2 === 0 ? [first, second] : [second, first];
    taken.push({ lean, full });
    progress(
      `catalogue ${pair + 1}/${CATALOGUE_PAIRS}: ${Math.round(lean.ms)} ms without it, ${Math.round(full.ms)} ms`,
    );
  }
  return {
    wallMs: estimate(taken.map(({ lean }) => lean.ms)),
    wallRatio: estimate(taken.map(({ lean, full }) => lean.ms / full.ms)),
    peakMiB: estimate(taken.map(({ lean }) => lean.peakMiB)),
    memoryRatio: estimate(taken.map(({ lean, full }) => lean.peakMiB / full.peakMiB)),
  };
}

/** The highest resident memory a process had, looked up until it ends (Linux; 0 elsewhere). */
function watchMemory(pid: number | undefined) {
  let kib = 0;
  const look = () => {
    try {
      kib = Math.max(kib, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0));
    } catch (error) {
      // The process has ended between two looks.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  };
  const timer = setInterval(look, 20);
  return { stop: () => clearInterval(timer), mib: () => kib / 1024 };
}

async function makeProject(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "aegis-bench-project-"));
  await writeFile(join(dir, "README.md"), "# Project\n");
  const git = (...args: string[]) =>
    execa("git", ["-c", "user.name=P", "-c", "user.email=p@localhost", ...args], { cwd: dir });
  await git("init", "-q", "-b", "main");
  await git("add", "-A");
  await git("commit", "-q", "-m", "start");
  return dir;
}
