import { type Command, Option } from "commander";
import { JOB_STATUSES, type JobStatus } from "../../core/jobs/record.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** Lines of a list without `--all`. */
const MOST = 20;

/** `job list [--all] [--status S] [--json]`: all of the user's jobs, of whatever project. */
export function registerList(group: Command, io: Io): void {
  group
    .command("list")
    .description(say(io.lang, "job.list.description"))
    .option("--all", say(io.lang, "job.list.all"))
    .addOption(new Option("--status <status>", say(io.lang, "job.list.status")).choices(JOB_STATUSES))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["job list", "job list --status running", "job list --all --json"]))
    .action((flags: { all?: boolean; status?: JobStatus; json?: boolean }) => list(io, flags));
}

async function list(io: Io, flags: { all?: boolean; status?: JobStatus; json?: boolean }): Promise<void> {
  const { tellDamaged, withJobs } = await import("./desk.ts");
  const { listLines } = await import("./view.ts");
  await withJobs(io, async (desk) => {
    const { jobs: every, damaged } = await desk.list();
    const jobs = every.filter(({ status }) => flags.status === undefined || status === flags.status);
    const shown = flags.all ? jobs : jobs.slice(-MOST);
    if (flags.json) return writeJson(io, { ok: true, jobs: shown, older: jobs.length - shown.length, damaged });
    tellDamaged(io, damaged);
    if (jobs.length === 0) io.stdout.write(`${say(io.lang, "job.list.none")} ${say(io.lang, "job.list.none.next")}\n`);
    const older = jobs.length - shown.length;
    if (older > 0) io.stdout.write(`${say(io.lang, "job.list.older", { count: older })}\n`);
    for (const line of listLines(io, shown, Date.now())) io.stdout.write(`${line}\n`);
  });
}
