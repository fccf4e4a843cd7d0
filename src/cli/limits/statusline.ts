import type { Command } from "commander";
import { stateHome } from "../../config/stateHome.ts";
import { homeOf } from "../config/load.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `statusline`: as Claude Code's status line command; keeps what it is told and prints one line. */
export function registerStatusline(group: Command, io: Io): void {
  group
    .command("statusline")
    .description(say(io.lang, "limits.statusline.description"))
    .addHelpText("after", () => examples(io, ["limits statusline < input.json"]))
    .action(async () => {
      const { readStatusLine } = await import("../../core/routing/limits/claude.ts");
      const { mergeWindows } = await import("../../core/routing/limits/usage.ts");
      const { routingState, withState } = await import("../routing/load.ts");
      const bad = (reason: string) =>
        new CliFailure(say(io.lang, "limits.statusline.bad", { reason }), {
          next: say(io.lang, "limits.statusline.next"),
        });
      let input: unknown;
      try {
        input = JSON.parse(await io.readStdin());
      } catch (error) {
        if (error instanceof SyntaxError) throw bad(error.message);
        throw error;
      }
      const now = Date.now();
      if (typeof input !== "object" || input === null || Array.isArray(input)) throw bad("it is no object");
      const reading = readStatusLine(input, now);
      const line = await withState(io, async () => {
        const state = routingState(io);
        // Before its first request Claude Code knows no limits: that is no failure.
        if (reading.ok) await state.saveLimits(mergeWindows(await state.limits(), reading.windows, now));
        const { claudeCodeLine } = await import("./claudeCodeLine.ts");
        return claudeCodeLine(stateHome(io.env, homeOf(io)), await state.limits(), input, now);
      });
      io.stdout.write(`${line}\n`);
    });
}
