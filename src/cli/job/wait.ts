import { type Command, InvalidArgumentError, Option } from "commander";
import { isEnded, type JobRecord } from "../../core/jobs/record.ts";
import { TimeLimit } from "../../ports/timeLimit.ts";
import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `job wait ID… [--timeout S] [--json]`: exit 0 where all completed, else 1. */
export function registerWait(group: Command, io: Io): void {
  const seconds = (word: string) => {
    const value = Number(word);
    if (!(value > 0)) throw new InvalidArgumentError(say(io.lang, "job.start.number"));
    return value;
  };
  group
    .command("wait")
    .description(say(io.lang, "job.wait.description"))
    .argument("<ids...>", say(io.lang, "job.ids"))
    .addOption(new Option("--timeout <seconds>", say(io.lang, "job.wait.timeout")).argParser(seconds))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["job wait ab12", "job wait ab12 cd34 --timeout 600 --json"]))
    .action((words: string[], flags: { timeout?: number; json?: boolean }) => wait(io, words, flags));
}

async function wait(io: Io, words: readonly string[], { timeout, json }: { timeout?: number; json?: boolean }) {
  const { idOf, withJobs } = await import("./desk.ts");
  const { failUnlessCompleted, waitFor } = await import("./waitFor.ts");
  const { statusWord, tookOf } = await import("./view.ts");
  const limit = timeout === undefined ? undefined : new TimeLimit(timeout * 1_000, io.signal);
  const jobs = await withJobs(io, async (desk) => {
    const ended: JobRecord[] = [];
    for (const word of words) {
      const id = await idOf(io, desk, word);
      const before = await desk.read(id);
      if (before && !isEnded(before) && !json)
        io.stderr.write(`${say(io.lang, "job.wait.waiting", { id, status: statusWord(io, before.status) })}\n`);
      const job = await waitFor(io, desk, id, limit?.signal ?? io.signal);
      ended.push(job);
      const status = statusWord(io, job.status);
      if (!isEnded(job)) {
        throw new CliFailure(say(io.lang, "job.wait.timedOut", { id, status, seconds: timeout ?? 0 }), {
          next: say(io.lang, "job.wait.timedOut.next", { id }),
          data: { jobs: ended },
        });
      }
      const values = { id, status, code: job.exit_code, took: tookOf(job, Date.now()) || "0s" };
      if (!json) io.stdout.write(`${say(io.lang, "job.wait.ended", values)}\n`);
    }
    return ended;
  }).finally(() => limit?.clear());
  failUnlessCompleted(io, jobs);
  if (json) writeJson(io, { ok: true, jobs });
}
