import type { Command } from "commander";
import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";
import type { SwarmPlace } from "./place.ts";

/** Appends the end of the swarm from here: nobody drives it. */
async function abortHere(place: SwarmPlace, reason: string): Promise<void> {
  const { SwarmRuntime } = await import("../../runtime/swarm.ts");
  // Sessions of a process that has ended are not running: there is no effect to carry out.
  const runtime = new SwarmRuntime(place.logs, () => undefined);
  await runtime.load();
  const decision = await runtime.submit({ type: "abort_swarm", at: Date.now(), by: "command-line", reason });
  if (decision.ok) return;
  throw new CliFailure(decision.refusal.happened, { next: decision.refusal.next });
}

/** `swarm abort [--reason TEXT] [--json]`: ends the swarm and its Workers; files stay as they are. */
export function registerAbort(group: Command, io: Io): void {
  group
    .command("abort")
    .description(say(io.lang, "swarm.abort.description"))
    .option("--reason <text>", say(io.lang, "swarm.abort.reason"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["swarm abort", 'swarm abort --reason "wrong branch"']))
    .action(async (options: { reason?: string; json?: boolean }) => {
      const { openSwarm, swarmPlace } = await import("./place.ts");
      const { askHolder } = await import("./ask.ts");
      const place = await swarmPlace(io);
      const swarm = await openSwarm(io, place);
      const reason = options.reason?.trim() || say(io.lang, "swarm.abort.noReason");
      const held = await place.lease.acquire();
      if (held.held) {
        try {
          await abortHere(place, reason);
        } finally {
          await place.lease.release();
        }
      } else {
        const message = { type: "abort", swarm: swarm.id, at: Date.now(), reason } as const;
        await askHolder(io, place, { holder: held.by, message, type: "swarm_aborted" });
      }
      if (options.json) writeJson(io, { ok: true, swarm: swarm.id, phase: "aborted", reason });
      else io.stdout.write(`${say(io.lang, "swarm.abort.done", { id: swarm.id, reason })}\n`);
    });
}
