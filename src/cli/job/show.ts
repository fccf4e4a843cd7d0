import type { Command } from "commander";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `job show ID [--json]`. */
export function registerShow(group: Command, io: Io): void {
  group
    .command("show")
    .description(say(io.lang, "job.show.description"))
    .argument("<id>", say(io.lang, "job.id"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["job show task-20260122-103000-ab12", "job show ab12 --json"]))
    .action(async (word: string, { json }: { json?: boolean }) => {
      const { idOf, unknownJob, withJobs } = await import("./desk.ts");
      const { showLines } = await import("./view.ts");
      await withJobs(io, async (desk) => {
        const id = await idOf(io, desk, word);
        const job = await desk.read(id);
        if (job === undefined) throw unknownJob(io, id);
        const place = desk.engine.placeOf(id);
        if (json) writeJson(io, { ok: true, ...job, file: place });
        else io.stdout.write(`${showLines(io, job, place, Date.now()).join("\n")}\n`);
      });
    });
}
