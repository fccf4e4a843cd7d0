import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import type { InstallOptions } from "./options.ts";
import type { Present } from "./readPresent.ts";

/** Asks, or takes `--yes` for an answer; without a terminal there must be one (exit 2). */
export async function confirm(io: Io, options: InstallOptions): Promise<void> {
  if (options.yes) return;
  if (!io.isTTY) {
    throw new CliFailure(say(io.lang, "install.needsYes"), {
      exitCode: 2,
      next: say(io.lang, "install.needsYes.next"),
    });
  }
  const answer = await io.ask(`${say(io.lang, "install.confirm")} `);
  if (!/^(y|yes|예|네|응)$/i.test(answer?.trim() ?? "")) throw new CliFailure(say(io.lang, "install.declined"));
}

/** Whether OpenCode's snapshots stay on: by a flag, by the configuration, else the person is asked. */
export async function keepSnapshots(io: Io, options: InstallOptions, present: Present): Promise<boolean> {
  if (options.snapshots !== undefined) return options.snapshots === "on";
  const decided = present.configs.some((config) => config.snapshot !== undefined);
  if (decided || options.yes || options.dryRun || !io.isTTY) return false;
  const answer = await io.ask(`${say(io.lang, "install.askSnapshots")} `);
  return /^(n|no|아니요|아니오)$/i.test(answer?.trim() ?? "");
}
