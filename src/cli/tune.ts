import { type Command, InvalidArgumentError } from "commander";
import type { Io } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";
import type { TuneFlags } from "./tuning/tuneRun.ts";

const KV_DTYPES = ["bf16", "fp8"] as const;

/** `tune [--simulate | --live] …`: exit 0 with a result, 1 where nothing fits or a server is missing, 2 for wrong usage. */
export function registerTune(program: Command, io: Io): void {
  const text = (key: Parameters<typeof say>[1], values = {}) => say(io.lang, key, values);
  const whole = (low: number, high: number) => (word: string) => {
    const value = /^\d+$/.test(word) ? Number(word) : Number.NaN;
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(text("plan.whole", { low, high }));
    return value;
  };
  const wholes = (low: number, high: number) => (word: string) => word.split(",").map(whole(low, high));
  const shares = (word: string) =>
    word.split(",").map((part) => {
      const value = /^\d*\.?\d+$/.test(part) ? Number(part) : Number.NaN;
      if (!(value > 0 && value <= 1)) throw new InvalidArgumentError(text("plan.number", { low: 0, high: 1 }));
      return value;
    });
  const kinds = (word: string) =>
    word.split(",").map((part) => {
      const kind = KV_DTYPES.find((one) => one === part);
      if (!kind) throw new InvalidArgumentError(text("plan.choice", { choices: KV_DTYPES.join(", ") }));
      return kind;
    });
  program
    .command("tune")
    .description(text("tune.description"))
    .option("--simulate", text("tune.simulate"))
    .option("--live", text("tune.live"))
    .option("--start", text("tune.start"))
    .option("--simulated-server", text("tune.simulatedServer"))
    .option("--base-url <url>", text("tune.baseUrl"))
    .option("--recipe <id>", text("plan.recipe", { recipe: "qwen3-coder-next-fp8-h200" }))
    .option("--workers <count>", text("tune.workers"), whole(1, 64), 8)
    .option("--librarians", text("tune.librarians"))
    .option("--turns <count>", text("tune.turns"), whole(1, 500))
    .option("--requests <file>", text("tune.requests"))
    .option("--ttft-p95 <ms>", text("tune.ttft"), whole(1, 3_600_000), 5_000)
    .option("--itl-p95 <ms>", text("tune.itl"), whole(1, 60_000), 50)
    .option("--seqs <list>", text("tune.seqs"), wholes(1, 4096))
    .option("--batched-tokens <list>", text("tune.batchedTokens"), wholes(16, 1_000_000))
    .option("--ctx <list>", text("tune.ctx"), wholes(1024, 10_000_000))
    .option("--kv-dtypes <list>", text("tune.kvDtypes"), kinds)
    .option("--mem <list>", text("tune.mem"), shares)
    .option("--points <count>", text("tune.points"), whole(1, 1000))
    .option("--repeats <count>", text("tune.repeats"), whole(1, 10), 2)
    .option("--fresh", text("tune.fresh"))
    .option("--write", text("tune.write"))
    .option("--svg <file>", text("tune.svg"))
    .option("--json", text("option.json"))
    .addHelpText("after", () =>
      examples(io, [
        "tune --simulate",
        "tune --simulate --librarians --ttft-p95 2000 --svg tune.svg",
        "tune --live --start --write",
        "tune --live --simulated-server --points 4",
      ]),
    )
    .action(async (flags: TuneFlags) => {
      const { runTune } = await import("./tuning/tuneRun.ts");
      await runTune(io, flags);
    });
}
