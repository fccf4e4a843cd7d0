import { type Command, InvalidArgumentError, Option } from "commander";
import type { JobStatus } from "../../core/jobs/record.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

const ENDED = ["completed", "failed", "cancelled"] as const satisfies readonly JobStatus[];
/** Milliseconds. */
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `job prune [--older-than 7d] [--status S] [--json]`: forgets ended jobs. */
export function registerPrune(group: Command, io: Io): void {
  const age = (word: string) => {
    const [, number = "", unit = "d"] = /^(\d+)([mhd])$/.exec(word === "0" ? "0d" : word) ?? [];
    if (number === "") throw new InvalidArgumentError(say(io.lang, "job.prune.age"));
    return Number(number) * UNITS[unit as keyof typeof UNITS];
  };
  group
    .command("prune")
    .description(say(io.lang, "job.prune.description"))
    .addOption(
      new Option("--older-than <age>", say(io.lang, "job.prune.olderThan")).argParser(age).default(7 * UNITS.d, "7d"),
    )
    .addOption(new Option("--status <status>", say(io.lang, "job.prune.status")).choices(ENDED))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () =>
      examples(io, ["job prune", "job prune --older-than 12h --status failed", "job prune --older-than 0"]),
    )
    .action(async ({ olderThan, status, json }: { olderThan: number; status?: JobStatus; json?: boolean }) => {
      const { withJobs } = await import("./desk.ts");
      await withJobs(io, async (desk) => {
        const ids = await desk.prune(olderThan, status === undefined ? ENDED : [status]);
        if (json) writeJson(io, { ok: true, pruned: ids });
        else io.stdout.write(`${say(io.lang, "job.prune.done", { count: ids.length })}\n`);
      });
    });
}
