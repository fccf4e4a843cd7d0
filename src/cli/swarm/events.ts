import type { Command } from "commander";
import type { SwarmEvent } from "../../core/workflow/events.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** Characters of an event's content on one line; `--json` has all of it. */
const DETAIL = 100;

/** Time, Worker or Commander, what happened, and the beginning of what it holds. */
function eventLine(io: Io, event: SwarmEvent): string {
  const { type, at, ...content } = event;
  const who = "worker" in content ? content.worker : "";
  const { worker: _shown, ...rest } = { worker: undefined, ...content };
  const words = JSON.stringify(rest).slice(1, -1).replace(/\s+/gu, " ");
  const detail = words.length > DETAIL ? `${words.slice(0, DETAIL)}…` : words;
  const time = new Date(at).toISOString().slice(11, 23);
  return `${time}  ${who.padEnd(4)} ${paint(io, "bold", type.padEnd(20))} ${paint(io, "dim", detail)}`.trimEnd();
}

/** `swarm events [--follow] [--json]`: the newest swarm's log; JSON Lines under `--json`. */
export function registerEvents(group: Command, io: Io): void {
  group
    .command("events")
    .description(say(io.lang, "swarm.events.description"))
    .option("--follow", say(io.lang, "swarm.events.follow"))
    .option("--json", say(io.lang, "swarm.events.json"))
    .addHelpText("after", () => examples(io, ["swarm events", "swarm events --follow --json"]))
    .action(async (options: { follow?: boolean; json?: boolean }) => {
      const { newestSwarm, swarmPlace } = await import("./place.ts");
      const place = await swarmPlace(io);
      const shown = new Map<string, number>();
      const tell = (now: { swarm: { id: string }; events: readonly SwarmEvent[] }) => {
        const known = shown.get(now.swarm.id) ?? 0;
        shown.set(now.swarm.id, now.events.length);
        const lines = now.events
          .slice(known)
          .map((event) => (options.json ? JSON.stringify(event) : eventLine(io, event)));
        if (lines.length > 0) io.stdout.write(`${lines.join("\n")}\n`);
      };
      if (options.follow) {
        const { followSwarm } = await import("./follow.ts");
        return await followSwarm(io, place, tell);
      }
      const now = await newestSwarm(place);
      if (now) tell(now);
      else io.stderr.write(`${say(io.lang, "swarm.none")}\n`);
    });
}
