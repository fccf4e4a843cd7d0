import type { Command } from "commander";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `hud [--watch] [--json]`: the swarm on one screen. The program itself takes the shorter way, `quickHud`. */
export function registerHud(program: Command, io: Io): void {
  program
    .command("hud")
    .description(say(io.lang, "hud.description"))
    .option("--watch", say(io.lang, "hud.watch"))
    .option("--json", say(io.lang, "hud.json"))
    .addHelpText("after", () => examples(io, ["hud", "hud --watch", "hud --json"]))
    .action(async (options: { watch?: boolean; json?: boolean }) => {
      const { showHud } = await import("./show.ts");
      await showHud(io, options);
      io.signal.throwIfAborted();
    });
}
