import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { execa } from "execa";
import { compose } from "../../plugin/compose.ts";
import { liveHooks } from "../../plugin/hooks/live.ts";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import type { SwarmCommand } from "../../src/core/workflow/commands.ts";
import { decide } from "../../src/core/workflow/decide.ts";
import type { SwarmEvent } from "../../src/core/workflow/events.ts";
import { evolve } from "../../src/core/workflow/evolve.ts";
import type { SwarmState } from "../../src/core/workflow/state.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { round } from "./statistics.ts";

const GOALS = { p99Ms: 1, growthMb: 10 };
const SESSION = "ses_bench_worker";
/** Calls before anything is counted: the host's own first calls compile the hooks. */
const WARM_UP = 500;

/**
 * What the plugin adds to a tool call of a Worker (both hooks around it, as OpenCode calls them, on a real project and log), and
 * what its memory does over many calls. Reads and edits; a shell call starts a sandbox and is `bench:sandbox`'s.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "calls", fallback: 10_000 });
  const about = machine("none");
  const dir = mkdtempSync(join(tmpdir(), "aegis-bench-hooks-"));
  // Looks, takes up no Worker: no host answers here.
  process.env.AEGIS_LOOK_ONLY = "1";
  try {
    await makeProject(dir);
    const noHost = () => Promise.reject(new Error("this bench has no host"));
    const host = { directory: dir, worktree: dir, baseUrl: "http://127.0.0.1:9", fetch: noHost, headers: {} };
    const composition = await compose(host, {});
    if (!composition.ok) throw new Error(composition.problem);
    const hooks = liveHooks(composition, {}, dir);
    const model = {
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: "http://127.0.0.1:9/v1" },
      models: { bench: {} },
    };
    await hooks.config?.({
      share: "disabled",
      model: "bench/bench",
      small_model: "bench/bench",
      enabled_providers: ["bench"],
      provider: { bench: model },
    } as never);
    const around = async (call: number): Promise<number> => {
      const [tool, given] =
        call % 2 === 0
          ? ["read", { filePath: join(dir, `src/part/${call % 50}.ts`) }]
          : ["edit", { filePath: join(dir, `src/part/${call % 50}.ts`), oldString: `a${call}`, newString: "b" }];
      const id = { tool, sessionID: SESSION, callID: `call_${call}` };
      const began = performance.now();
      await hooks["tool.execute.before"]?.(id, { args: given });
      const between = performance.now();
      const output = { title: "", output: "text\n".repeat(200), metadata: {} };
      const again = performance.now();
      await hooks["tool.execute.after"]?.({ ...id, args: given }, output);
      return between - began + (performance.now() - again);
    };
    progress(`${options.count} tool calls`);
    for (let call = 0; call < WARM_UP; call += 1) await around(call);
    const before = heap();
    const times: number[] = [];
    for (let call = WARM_UP; call < WARM_UP + options.count; call += 1) times.push(await around(call));
    const growthMb = heap() - before;
    times.sort((a, b) => a - b);
    const at = (share: number) => round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
    const figures = { p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1), growthMb: round(growthMb, 1) };
    const met = figures.p99Ms <= GOALS.p99Ms && figures.growthMb <= GOALS.growthMb;
    await hooks.dispose?.();
    finish(
      { bench: "hooks", machine: about, calls: options.count, figures, goals: GOALS, met } as { met: boolean },
      [
        `both hooks of a tool call: median ${figures.p50Ms} ms, p99 ${figures.p99Ms} ms (goal ${GOALS.p99Ms}), most ${figures.mostMs} ms`,
        `heap after ${options.count} calls: ${figures.growthMb} MB more (goal ${GOALS.growthMb})`,
      ],
      options.json,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A repository with an open swarm whose one Worker is at work. */
async function makeProject(dir: string): Promise<void> {
  mkdirSync(join(dir, "src/part"), { recursive: true });
  for (let file = 0; file < 50; file += 1)
    writeFileSync(join(dir, `src/part/${file}.ts`), `export const a${file} = 1;\n`);
  writeFileSync(join(dir, ".gitignore"), ".aegis/\n");
  const git = (...words: string[]) =>
    execa("git", ["-c", "user.name=B", "-c", "user.email=b@localhost", ...words], { cwd: dir });
  await git("init", "-q");
  await git("add", "-A");
  await git("commit", "-qm", "start");
  const { stdout: head } = await git("rev-parse", "HEAD");
  const settings = { maxWorkers: 8, maxRetries: 3, maxContinuations: 3, designOptional: false, skipPhrases: [] };
  const request = { name: "part", feature: "part", fileScope: ["src/part/**"], spec: "build it" };
  const commands: SwarmCommand[] = [
    {
      type: "begin_swarm",
      at: 1,
      id: "s-1",
      session: "ses_bench_commander",
      settings,
      head,
      dirty: [],
      language: "en",
    },
    {
      type: "propose_design",
      at: 2,
      summary: "A part",
      features: [{ name: "part", description: "it" }],
      qaStrategy: "worker-unit+commander-integration",
    },
    { type: "person_spoke", at: 3, text: "1", autopilot: false, via: "message" },
    { type: "approve_design", at: 4, revision: 1 },
    { type: "complete_foundation", at: 5, summary: "types", commit: head, tree: head, paths: [], qa: [] },
    { type: "dispatch_workers", at: 6, workers: [request] },
    { type: "worker_started", at: 7, worker: "w01", session: SESSION },
  ];
  let state: SwarmState;
  const events: SwarmEvent[] = [];
  for (const command of commands) {
    const decided = decide(command, state);
    if (!decided.ok) throw new Error(JSON.stringify(decided));
    for (const event of decided.events) {
      events.push(event);
      state = evolve(state, event);
    }
  }
  await new FileEventLogs(join(dir, ".aegis")).append("s-1", events);
}

/** Megabytes in use after everything unused was collected. */
function heap(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}
