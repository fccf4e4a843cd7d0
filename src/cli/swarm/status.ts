import type { Command } from "commander";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

/** `swarm status [--watch] [--json]`: one object under `--json`, JSON Lines (one a change) with `--watch` too. */
export function registerStatus(group: Command, io: Io): void {
  group
    .command("status")
    .description(say(io.lang, "swarm.status.description"))
    .option("--watch", say(io.lang, "swarm.status.watch"))
    .option("--json", say(io.lang, "swarm.status.json"))
    .addHelpText("after", () => examples(io, ["swarm status", "swarm status --watch", "swarm status --json"]))
    .action(async (options: { watch?: boolean; json?: boolean }) => {
      const { newestSwarm, swarmPlace } = await import("./place.ts");
      const { gateSince } = await import("./gateView.ts");
      const { liveOf } = await import("./liveView.ts");
      const { renderStatus, statusData } = await import("./statusView.ts");
      const place = await swarmPlace(io);
      if (options.watch) {
        const { followSwarm } = await import("./follow.ts");
        return await followSwarm(
          io,
          place,
          async ({ swarm }) => {
            const holder = await place.lease.holder();
            const beside = {
              gate: await gateSince(place.stateDir, swarm.startedAt),
              live: liveOf(place.stateDir, swarm.id),
            };
            const text = options.json
              ? JSON.stringify(statusData(swarm, holder, Date.now(), beside))
              : `${io.isTTY ? CLEAR : ""}${renderStatus(io, swarm, holder, Date.now(), beside)}\n`;
            io.stdout.write(`${text}\n`);
          },
          () => JSON.stringify([...liveOf(place.stateDir, "")]),
        );
      }
      const swarm = (await newestSwarm(place))?.swarm;
      const holder = await place.lease.holder();
      const beside = swarm && {
        gate: await gateSince(place.stateDir, swarm.startedAt),
        live: liveOf(place.stateDir, swarm.id),
      };
      if (options.json) writeJson(io, statusData(swarm, holder, Date.now(), beside));
      else if (swarm) io.stdout.write(`${renderStatus(io, swarm, holder, Date.now(), beside)}\n`);
      else io.stdout.write(`${say(io.lang, "swarm.none")} ${say(io.lang, "swarm.none.next")}\n`);
    });
}
