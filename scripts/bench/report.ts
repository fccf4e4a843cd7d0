import { availableParallelism, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";

/** What a figure means nothing without. Names no machine. */
export interface Machine {
  cores: number;
  memoryGb: number;
  node: string;
  opencode: string;
  /** One-minute load average before the run: other work on the machine widens every spread. */
  loadBefore: number;
  date: string;
}

export function machine(opencode: string): Machine {
  return {
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    opencode,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
    date: new Date().toISOString().slice(0, 10),
  };
}

/** `--json` and one count, the same for all benches. Throws on anything else. */
export function readArguments(args: readonly string[], count: { name: string; fallback: number }) {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean", default: false }, [count.name]: { type: "string" } },
  });
  const given = values[count.name];
  const number = given === undefined ? count.fallback : Number(given);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${count.name} takes a whole number from 1 on.`);
  return { json: values.json === true, count: number };
}

/** Progress goes to stderr: stdout holds the result alone. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints the result as JSON, or `lines` for a person; a missed goal ends the process with exit code 1. */
export function finish(result: { met: boolean }, lines: readonly string[], json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${lines.join("\n")}\n`);
  if (!result.met) process.exitCode = 1;
}
