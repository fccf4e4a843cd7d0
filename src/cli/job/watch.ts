import type { Command } from "commander";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `job watch [--json]`: says when a job ends, until Ctrl-C. */
export function registerWatch(group: Command, io: Io): void {
  group
    .command("watch")
    .description(say(io.lang, "job.watch.description"))
    .option("--json", say(io.lang, "job.watch.json"))
    .addHelpText("after", () => examples(io, ["job watch", "job watch --json | jq .task_id"]))
    .action((flags: { json?: boolean }) => watch(io, flags));
}

async function watch(io: Io, { json }: { json?: boolean }): Promise<void> {
  const { soundConfig } = await import("../config/load.ts");
  const { newLines } = await import("../../adapters/notify/watchLines.ts");
  const { readNoticeLine } = await import("../../core/jobs/notice.ts");
  const { noticeWords, noticesPlace } = await import("./noticeView.ts");
  const { config } = await soundConfig(io);
  if (!config.jobs.notify.file)
    throw new CliFailure(say(io.lang, "job.watch.off"), { next: say(io.lang, "job.watch.off.next") });
  const file = noticesPlace(io);
  const lines = newLines(file, io.signal);
  io.stderr.write(`${say(io.lang, "job.watch.watching", { file })}\n`);
  for await (const line of lines) {
    const notice = readNoticeLine(line);
    if (notice) io.stdout.write(`${json ? JSON.stringify(notice) : noticeWords(io, notice)}\n`);
  }
}
