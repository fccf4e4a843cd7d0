import type { Command } from "commander";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `job retry ID [--json]`: the same work as a new job. */
export function registerRetry(group: Command, io: Io): void {
  group
    .command("retry")
    .description(say(io.lang, "job.retry.description"))
    .argument("<id>", say(io.lang, "job.id"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["job retry ab12", "job retry task-20260122-103000-ab12 --json"]))
    .action(async (word: string, { json }: { json?: boolean }) => {
      const { answered, idOf, withJobs } = await import("./desk.ts");
      const { tellStarted } = await import("./started.ts");
      await withJobs(io, async (desk) => {
        const id = await idOf(io, desk, word);
        const job = answered(io, id, await desk.retry(id));
        const place = desk.engine.placeOf(job.task_id);
        const { task_id, status, retry_of } = job;
        if (json) writeJson(io, { ok: true, task_id, status, retry_of, result: place });
        else tellStarted(io, job, place);
      });
    });
}
