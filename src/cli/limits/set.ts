import type { Command } from "commander";
import type { LimitWindow } from "../../core/routing/limits/window.ts";
import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `limits set PROVIDER KIND=PERCENT…`: a person's own figures. */
export function registerSet(group: Command, io: Io): void {
  group
    .command("set")
    .description(say(io.lang, "limits.set.description"))
    .argument("<provider>", say(io.lang, "limits.set.provider"))
    .argument("<windows...>", say(io.lang, "limits.set.windows"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["limits set claude 5h=40 weekly=70", "limits set gemini daily=95"]))
    .action(async (name: string, words: string[], options: { json?: boolean }, command: Command) => {
      const { providerId } = await import("../../core/routing/providers.ts");
      const { mergeWindows } = await import("../../core/routing/limits/usage.ts");
      const { routingState, withState } = await import("../routing/load.ts");
      const { limitWindow } = await import("../../core/routing/limits/window.ts");
      const now = Date.now();
      const provider = providerId(name);
      const common = { provider, source: "by-hand", observedAt: now, confidence: "manual" as const };
      const windows = words.map((word): LimitWindow => {
        const [, kind = "", percent = ""] = /^(5h|daily|weekly|monthly)=(\d+(?:\.\d+)?)%?$/.exec(word) ?? [];
        if (kind === "" || Number(percent) > 100)
          throw new CliFailure(say(io.lang, "limits.set.bad", { word }), { exitCode: 2 });
        return limitWindow(common, kind as LimitWindow["windowKind"], Number(percent));
      });
      await withState(io, async () => {
        const state = routingState(io);
        await state.saveLimits(mergeWindows(await state.limits(), windows, now));
      });
      // `--json` before the subcommand belongs to the group.
      if (options.json || command.optsWithGlobals().json) return writeJson(io, { ok: true, provider, windows });
      io.stdout.write(`${say(io.lang, "limits.set.done", { provider, windows: words.join(" ") })}\n`);
    });
}
