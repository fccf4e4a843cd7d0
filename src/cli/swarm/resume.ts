import type { Command } from "commander";
import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `swarm resume [--json]`: lets a stopped swarm go on in the process that drives it. */
export function registerResume(group: Command, io: Io): void {
  group
    .command("resume")
    .description(say(io.lang, "swarm.resume.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["swarm resume"]))
    .action(async (options: { json?: boolean }) => {
      const { openSwarm, swarmPlace } = await import("./place.ts");
      const { askHolder } = await import("./ask.ts");
      const place = await swarmPlace(io);
      const swarm = await openSwarm(io, place);
      const holder = await place.lease.holder();
      if (!holder) {
        // Sessions live in OpenCode: without one there is nothing that could go on.
        throw new CliFailure(say(io.lang, "swarm.resume.nobody", { id: swarm.id }), {
          next: say(io.lang, "swarm.resume.nobody.next"),
          data: { swarm: swarm.id, holder: null },
        });
      }
      const message = { type: "resume", swarm: swarm.id, at: Date.now() } as const;
      await askHolder(io, place, { holder, message, type: "swarm_resumed" });
      if (options.json) writeJson(io, { ok: true, swarm: swarm.id, holder: { pid: holder.pid, since: holder.since } });
      else {
        io.stdout.write(`${say(io.lang, "swarm.resume.done", { id: swarm.id, pid: holder.pid })}\n`);
        if (swarm.question) io.stdout.write(`${say(io.lang, "swarm.resume.question")}\n`);
      }
    });
}
