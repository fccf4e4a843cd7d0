import type { Command } from "commander";
import type { JobRecord } from "../../core/jobs/record.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `job cancel ID… [--json]`: one that waits ends at once, one that runs is ended by its runner. */
export function registerCancel(group: Command, io: Io): void {
  group
    .command("cancel")
    .description(say(io.lang, "job.cancel.description"))
    .argument("<ids...>", say(io.lang, "job.ids"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["job cancel ab12", "job cancel task-20260122-103000-ab12 --json"]))
    .action(async (words: string[], { json }: { json?: boolean }) => {
      const { answered, idOf, withJobs } = await import("./desk.ts");
      await withJobs(io, async (desk) => {
        const jobs: JobRecord[] = [];
        for (const word of words) {
          const id = await idOf(io, desk, word);
          const job = answered(io, id, await desk.cancel(id));
          jobs.push(job);
          const key = job.status === "cancelled" ? "job.cancel.done" : "job.cancel.asked";
          if (!json) io.stdout.write(`${say(io.lang, key, { id })}\n`);
        }
        if (json) writeJson(io, { ok: true, jobs: jobs.map(({ task_id, status }) => ({ task_id, status })) });
      });
    });
}
