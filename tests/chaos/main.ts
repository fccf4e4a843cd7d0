import { writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { findOpencode } from "../../src/cli/demo/environment.ts";
import { interruptSignal } from "../../src/cli/interrupt.ts";
import { packageDir } from "../e2e/world.ts";
import { SCENARIOS, sampleOf } from "./all.ts";
import { shuffled } from "./random.ts";
import { progressLine, renderPage, summaryLine } from "./report.ts";
import { runAll } from "./runner.ts";
import type { Scenario } from "./scenario.ts";

const USAGE = `npm run test:chaos -- [options]

Plays misbehaving scripted models and faults on the real OpenCode and looks at every invariant afterwards.
A full run writes docs/reliability.md.

  --only NAME    one scenario, or all whose name contains NAME (repeatable)
  --sample K     K of them, as the seed chooses
  --seed N       order, sample and everything random (default 1)
  --json FILE    the outcomes as JSON
  --lanes N      scenarios at a time (default 2)
  --list         names and nothing else

Examples:
  npm run test:chaos -- --only write-by-symlink
  npm run test:chaos -- --sample 12 --seed 7 --json chaos.json
`;

/** Plays what the arguments ask for. @returns the exit code: 0 where everything held, 130 where it was interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true },
      sample: { type: "string" },
      seed: { type: "string", default: "1" },
      json: { type: "string" },
      lanes: { type: "string", default: "2" },
      list: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return print(USAGE);
  if (values.list) return print(SCENARIOS.map(({ kind, name, what }) => `${kind} ${name}: ${what}\n`).join(""));
  const seed = numberOf("--seed", values.seed);
  const lanes = Math.max(1, numberOf("--lanes", values.lanes));
  const chosen = choose(
    values.only,
    values.sample === undefined ? undefined : numberOf("--sample", values.sample),
    seed,
  );
  if (chosen.length === 0)
    throw new Error(`no scenario is named like ${values.only?.join(", ")}; --list shows them all`);
  process.stderr.write(`chaos: ${chosen.length} scenarios, seed ${seed}, ${lanes} at a time\n`);
  const interrupt = interruptSignal();
  interrupt.addEventListener("abort", () => process.stderr.write("chaos: interrupted; ending what was started\n"));
  const outcomes = await runAll(chosen, {
    lanes,
    seed,
    interrupt,
    onEnd: (outcome) => process.stderr.write(`${progressLine(outcome)}\n`),
  });
  const opencode = (await execa(await findOpencode({ PATH: "" }, packageDir), ["--version"])).stdout.trim();
  const run = { day: new Date().toISOString().slice(0, 10), seed, lanes, opencode };
  const interrupted = interrupt.aborted;
  if (values.json) await writeFile(values.json, `${JSON.stringify({ ...run, interrupted, outcomes }, null, 2)}\n`);
  const whole = !values.only && values.sample === undefined && !interrupted;
  if (whole) {
    const inOrder = SCENARIOS.flatMap(({ name }) => outcomes.filter((outcome) => outcome.name === name));
    await writeFile(path.join(packageDir, "docs/reliability.md"), renderPage(inOrder, run));
  }
  process.stdout.write(`${summaryLine(outcomes)}\n`);
  if (interrupted) return 130;
  return outcomes.some(({ problems }) => problems.length > 0) ? 1 : 0;
}

function choose(only: readonly string[] | undefined, sample: number | undefined, seed: number): Scenario[] {
  if (only) {
    return SCENARIOS.filter(({ name }) => only.some((each) => name === each || name.includes(each)));
  }
  return sample === undefined ? shuffled(SCENARIOS, `${seed}`) : sampleOf(sample, seed);
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} needs a whole number, not "${text}"`);
  return value;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
