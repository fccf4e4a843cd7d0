import { type Command, InvalidArgumentError, Option } from "commander";
import type { Io } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";
import type { StartFlags } from "./serving/startRun.ts";
import type { TopologyFlags } from "./serving/topologyRun.ts";

/** Kept here so that the help needs no data file: see vllm/recipes. */
const RECIPES = [
  "qwen3-coder-next-fp8-h200",
  "qwen3-coder-next-fp8-h200x2",
  "qwen3-coder-next-fp8-h100x2",
  "qwen3-coder-next-fp8-rtx-pro-6000",
  "qwen3-coder-next-fp8-rtx-pro-6000x2",
  "qwen3-coder-next-4bit-h200",
  "qwen3-coder-next-4bit-h100",
  "qwen3-coder-next-4bit-h100x2",
  "qwen3-coder-next-4bit-rtx-pro-6000",
  "tiny",
];
/** Kept here for the same reason: see vllm/topology. */
const TOPOLOGIES = ["data-parallel", "router", "compose", "kubernetes"];
/** As in aegis.jsonc's `swarm.maxWorkers`. */
const DEFAULT_WORKERS = 8;
const MOST_SERVERS = 256;
/** A first start downloads 80 GB and compiles. Seconds. */
const DEFAULT_TIMEOUT = 3600;
const LONGEST_TIMEOUT = 999_999;

/** `start-vllm [--recipe R] [--dry-run] [--foreground] [--wait] [--supervise] [--json] [-- extra]` */
export function registerStartVllm(program: Command, io: Io): void {
  const whole = (high: number) => (word: string) => {
    if (!/^[1-9]\d{0,5}$/.test(word) || Number(word) > high)
      throw new InvalidArgumentError(say(io.lang, "plan.whole", { low: 1, high }));
    return Number(word);
  };
  program
    .command("start-vllm")
    .description(say(io.lang, "start.description"))
    .argument("[extra...]", say(io.lang, "start.extra"))
    .option("--recipe <id>", say(io.lang, "start.recipe", { recipe: RECIPES[0] ?? "", recipes: RECIPES.join(", ") }))
    .option("--dry-run", say(io.lang, "start.dryRun"))
    .option("--foreground", say(io.lang, "start.foreground"))
    .option("--wait", say(io.lang, "start.wait"))
    .option("--supervise", say(io.lang, "start.supervise"))
    .option("--simulate", say(io.lang, "start.simulate"))
    .option("--timeout <seconds>", say(io.lang, "start.timeout"), whole(LONGEST_TIMEOUT), DEFAULT_TIMEOUT)
    .addOption(
      new Option("--topology <name>", say(io.lang, "start.topology", { topologies: TOPOLOGIES.join(", ") })).argParser(
        (word) => {
          if (!TOPOLOGIES.includes(word))
            throw new InvalidArgumentError(say(io.lang, "plan.choice", { choices: TOPOLOGIES.join(", ") }));
          return word;
        },
      ),
    )
    .option("--servers <count>", say(io.lang, "start.servers"), whole(MOST_SERVERS))
    .option("--workers <count>", say(io.lang, "start.workers"), whole(MOST_SERVERS), DEFAULT_WORKERS)
    .option("--out <dir>", say(io.lang, "start.out"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () =>
      examples(io, [
        "start-vllm --dry-run",
        "start-vllm --wait",
        "start-vllm --supervise -- --scheduling-policy priority",
        "start-vllm --topology compose --servers 2 --out serving",
        "start-vllm --simulate --wait",
      ]),
    )
    .action(async (extra: string[], flags: StartFlags & Partial<TopologyFlags>) => {
      const { topology, workers = DEFAULT_WORKERS } = flags;
      if (topology !== undefined) {
        const { runTopology } = await import("./serving/topologyRun.ts");
        return runTopology(io, { ...flags, topology, workers }, extra);
      }
      const { runStart } = await import("./serving/startRun.ts");
      await runStart(io, flags, extra);
    });
}
