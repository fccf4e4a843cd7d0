import { type Command, Option } from "commander";
import type { Period } from "../../core/tracking/usageBook.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

const PERIODS = ["minute", "hour", "day", "month"] as const satisfies readonly Period[];

/** `stats [--period minute|hour|day|month] [--json]`: requests, latencies, tokens and costs by provider and agent. */
export function registerStats(program: Command, io: Io): void {
  program
    .command("stats")
    .description(say(io.lang, "stats.description"))
    .addOption(new Option("--period <period>", say(io.lang, "stats.period")).choices(PERIODS).default("hour"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["stats", "stats --period day", "stats --period month --json"]))
    .action(async ({ period, json }: { period: Period; json?: boolean }) => {
      const { readStats, statsLines } = await import("./report.ts");
      const stats = await readStats(io, period, Date.now());
      if (json) writeJson(io, { ok: true, ...stats });
      else io.stdout.write(`${statsLines(io, stats).join("\n")}\n`);
    });
}
