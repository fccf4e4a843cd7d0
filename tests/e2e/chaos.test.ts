import path from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { sampleOf } from "../chaos/all.ts";
import { Hosts, runScenario } from "../chaos/runner.ts";
import { packageDir } from "./world.ts";

/** Four misbehaving models and two faults: what fits into the check of a commit. `npm run test:chaos` plays all of them. */
const SAMPLE = 6;
const SEED = 1;

const hosts = new Hosts();
afterAll(() => hosts.close());

describe("a sample of the chaos suite", () => {
  for (const scenario of sampleOf(SAMPLE, SEED)) {
    // The scenario has a limit of its own; this one only has to be longer, the start of OpenCode included.
    test(`${scenario.name}: ${scenario.what}`, { timeout: (scenario.limitS + 180) * 1000 }, async ({ skip }) => {
      const outcome = await runScenario(scenario, hosts, SEED);
      if (outcome.skipped !== undefined) return skip(outcome.skipped);
      expect(outcome.problems).toEqual([]);
      expect(scenario.ends).toContain(outcome.end);
    });
  }
});

/** Processes that run now and whose parent is `pid`, but for the bundler's. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await execa("ps", ["-eo", "pid=,ppid=,args="]);
  return stdout.split("\n").flatMap((line) => {
    const [child, parent, ...args] = line.trim().split(/\s+/u);
    return Number(parent) === pid && args.includes("serve") ? [Number(child)] : [];
  });
}

test("Ctrl-C, however often it arrives, ends the whole run and every OpenCode it started", async () => {
  const script = path.join(packageDir, "scripts/chaos.mjs");
  const run = execa(process.execPath, [script, "--only", "hanging-shell", "--lanes", "1"], { reject: false });
  const pid = run.pid ?? 0;
  await expect.poll(() => childrenOf(pid), { timeout: 90_000 }).toHaveLength(1);
  const started = await childrenOf(pid);
  for (let time = 0; time < 3; time += 1) {
    run.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const ended = await run;
  expect([ended.exitCode, ended.stderr]).toEqual([130, expect.stringContaining("interrupted")]);
  const { stdout } = await execa("ps", ["-eo", "pid="]);
  const present = stdout.split("\n").map(Number);
  expect(started.filter((each) => present.includes(each))).toEqual([]);
}, 150_000);
