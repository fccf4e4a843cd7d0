import type { Command } from "commander";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `job logs ID [-f]`. */
export function registerLogs(group: Command, io: Io): void {
  group
    .command("logs")
    .description(say(io.lang, "job.logs.description"))
    .argument("<id>", say(io.lang, "job.id"))
    .option("-f, --follow", say(io.lang, "job.logs.follow"))
    .addHelpText("after", () => examples(io, ["job logs ab12", "job logs -f task-20260122-103000-ab12"]))
    .action(async (word: string, { follow }: { follow?: boolean }) => {
      const { idOf, unknownJob, withJobs } = await import("./desk.ts");
      const { harmless } = await import("./view.ts");
      await withJobs(io, async (desk) => {
        const id = await idOf(io, desk, word);
        if ((await desk.read(id)) === undefined) throw unknownJob(io, id);
        for await (const text of desk.logs(id, { follow: follow === true, signal: io.signal }))
          io.stdout.write(io.isTTY ? harmless(text) : text);
      });
    });
}
