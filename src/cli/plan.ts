import { type Command, InvalidArgumentError, Option } from "commander";
import { inCells } from "../core/view/cells.ts";
import { type Io, paint, writeJson } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";
import type { PlanFlags, PlanReport } from "./serving/planReport.ts";
import { fitted, textWidth } from "./textWidth.ts";

/** Kept here so that the help needs no data file: see vllm/recipes and vllm/capacity/gpus.json. */
const GPUS = ["h200", "h100", "rtx-pro-6000", "cpu"];
const MODES = ["none", "align"];
const KV_DTYPES = ["bf16", "fp8"];

function decimal(io: Io, low: number, high: number) {
  return (word: string): number => {
    const value = /^\d+(\.\d+)?$/.test(word) ? Number(word) : Number.NaN;
    if (!(value > low && value <= high)) throw new InvalidArgumentError(say(io.lang, "plan.number", { low, high }));
    return value;
  };
}

function whole(io: Io, low: number, high: number) {
  return (word: string): number => {
    const value = /^\d+$/.test(word) ? Number(word) : Number.NaN;
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(say(io.lang, "plan.whole", { low, high }));
    return value;
  };
}

function choice(io: Io, choices: readonly string[]) {
  return (word: string): string => {
    if (!choices.includes(word))
      throw new InvalidArgumentError(say(io.lang, "plan.choice", { choices: choices.join(", ") }));
    return word;
  };
}

function version(io: Io) {
  return (word: string): string => {
    if (!/^\d+\.\d+(\.\d+)?([.+-][\w.+-]*)?$/.test(word)) throw new InvalidArgumentError(say(io.lang, "plan.version"));
    return word;
  };
}

function address(io: Io) {
  return (word: string): string => {
    if (!URL.canParse(word) || !/^https?:$/.test(new URL(word).protocol))
      throw new InvalidArgumentError(say(io.lang, "plan.address"));
    return word;
  };
}

function print(io: Io, report: PlanReport): void {
  const width = Math.max(...report.rows.map((row) => textWidth(row.name)));
  const indented = (line: string) => fitted(io, `  ${line}`, 4);
  const lines = [
    paint(io, "bold", report.title),
    ...report.rows.map((row) => `  ${inCells(row.name, width)}  ${row.value}`),
    paint(io, "bold", say(io.lang, "plan.how")),
    ...report.plan.derivation.map(indented),
    ...(report.swarm.length === 0 ? [] : [paint(io, "bold", say(io.lang, "plan.swarm"))]),
    ...report.swarm.map(indented),
    ...(report.comparison.length === 0 ? [] : [paint(io, "bold", say(io.lang, "plan.reported"))]),
    ...report.comparison.map(indented),
  ];
  io.stdout.write(`${lines.join("\n")}\n`);
}

/** `plan [--recipe R | --config FILE] …`: exit 0 with the figures, whether they fit or not; 1 where the context is above the
 * model's (`--json` has the figures then too); 2 for wrong usage. */
export function registerPlan(program: Command, io: Io): void {
  const text = (key: Parameters<typeof say>[1], values = {}) => say(io.lang, key, values);
  program
    .command("plan")
    .description(text("plan.description"))
    .option("--recipe <id>", text("plan.recipe", { recipe: "qwen3-coder-next-fp8-h200" }))
    .option("--config <file>", text("plan.config"))
    .addOption(new Option("--gpu <id>", text("plan.gpu", { gpus: GPUS.join(", ") })).argParser(choice(io, GPUS)))
    .option("--gpu-gib <gib>", text("plan.gpuGib"), decimal(io, 0, 100_000))
    .option("--util <share>", text("plan.util"), decimal(io, 0, 1))
    .option("--weights-gib <gib>", text("plan.weightsGib"), decimal(io, 0, 100_000))
    .option("--kv-dtype <type>", text("plan.kvDtype"), choice(io, KV_DTYPES))
    .option("--ctx <tokens>", text("plan.ctx"), whole(io, 1, 100_000_000))
    .option("--tp <gpus>", text("plan.tp"), whole(io, 1, 1024))
    .option("--mamba-cache-mode <mode>", text("plan.mode"), choice(io, MODES))
    .option("--pool-gib <gib>", text("plan.poolGib"), decimal(io, 0, 100_000))
    .option("--workers <count>", text("plan.workers"), whole(io, 1, 10_000))
    .option("--vllm <version>", text("plan.vllm"), version(io))
    .option("--server <url>", text("plan.server"), address(io))
    .option("--svg <file>", text("plan.svg"))
    .option("--json", text("option.json"))
    .addHelpText("after", () =>
      examples(io, [
        "plan --workers 8",
        "plan --kv-dtype bf16 --pool-gib 48 --ctx 131072 --workers 8",
        "plan --vllm 0.33 --workers 8 --ctx 65536 --svg memory.svg",
        "plan --server http://127.0.0.1:8001",
        "plan --config ./config.json --pool-gib 24.83 --ctx 16384 --json",
      ]),
    )
    .action(async (flags: PlanFlags) => {
      const { reportPlan } = await import("./serving/planReport.ts");
      const report = await reportPlan(io, flags);
      if (flags.json) writeJson(io, { ...report.plan, reported: report.reported });
      else print(io, report);
    });
}
