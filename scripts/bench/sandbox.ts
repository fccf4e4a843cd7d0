import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { BubblewrapSandbox } from "../../src/adapters/sandbox/bubblewrap.ts";
import { packageDir } from "../../tests/e2e/world.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { estimate, round } from "./statistics.ts";

/** Milliseconds a sandboxed call may cost more than the same call without one. */
const GOAL_MS = 25;
const WARM_UP = 5;

/** What the sandbox adds to one shell call of a Worker: describing it, bubblewrap's start, and looking at what was left. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "calls", fallback: 100 });
  const about = machine("not used");
  const dir = await mkdtemp(path.join(tmpdir(), "aegis-bench-sandbox-"));
  const wrapper = path.join(packageDir, "scripts/aegis-shell/bash");
  const sandbox = new BubblewrapSandbox({ wrapper });
  try {
    const probe = await sandbox.probe();
    if (!probe.usable) throw new Error(`no sandbox can be made here: ${probe.reason} (${probe.mend})`);
    await project(dir);
    const spec = { role: "worker", projectDir: dir, scope: ["src/part/**"], privateId: "bench" } as const;
    const plain: number[] = [];
    const prepare: number[] = [];
    const run: number[] = [];
    const settle: number[] = [];
    const added: number[] = [];
    progress(`${options.count} pairs of calls, each once plain and once sandboxed`);
    for (let call = -WARM_UP; call < options.count; call += 1) {
      const bare = await timed(() => execa("/bin/bash", ["-c", "true"], { cwd: dir }));
      const made = await timed(() => sandbox.prepare(spec));
      const ran = await timed(() => execa(wrapper, ["-c", "true"], { cwd: dir, env: made.value.env }));
      const settled = await timed(() => made.value.settle());
      if (call < 0) continue;
      plain.push(bare.ms);
      prepare.push(made.ms);
      run.push(ran.ms);
      settle.push(settled.ms);
      added.push(made.ms + ran.ms + settled.ms - bare.ms);
    }
    const result = {
      bench: "sandbox",
      machine: about,
      bubblewrap: probe.version,
      ms: {
        plain: estimate(plain),
        prepare: estimate(prepare),
        run: estimate(run),
        settle: estimate(settle),
        added: estimate(added),
      },
      goalMs: GOAL_MS,
      met: estimate(added).median <= GOAL_MS,
    };
    const lines = Object.entries(result.ms).map(
      ([name, { median, low, high }]) =>
        `${name.padEnd(8)} ${String(round(median, 1)).padStart(7)} ms  (${round(low, 1)} to ${round(high, 1)})`,
    );
    finish(result, [...lines, `goal for "added": ${GOAL_MS} ms`], options.json);
  } finally {
    await sandbox.dispose();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A small git project with a build directory, as a Worker finds one. */
async function project(dir: string): Promise<void> {
  await mkdir(path.join(dir, "src/part"), { recursive: true });
  await mkdir(path.join(dir, "node_modules/x"), { recursive: true });
  for (let n = 0; n < 20; n += 1) await writeFile(path.join(dir, `src/f${n}.mjs`), "export {};\n");
  await writeFile(path.join(dir, "src/part/own.mjs"), "export {};\n");
  await writeFile(path.join(dir, ".gitignore"), "node_modules/\ndist/\n.aegis/\n");
  await execa("git", ["init", "-q"], { cwd: dir });
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const began = performance.now();
  const value = await work();
  return { ms: performance.now() - began, value };
}
