import type { Command } from "commander";
import type { DoctorOptions } from "./doctor/options.ts";
import type { Io } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";

/** `doctor [--deep] [--opencode PATH] [--json]`: exit 1 where any check fails. */
export function registerDoctor(program: Command, io: Io): void {
  program
    .command("doctor")
    .description(say(io.lang, "doctor.description"))
    .option("--deep", say(io.lang, "doctor.deep"))
    .option("--opencode <path>", say(io.lang, "doctor.opencode"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["doctor", "doctor --deep", "doctor --json"]))
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import("./doctor/run.ts");
      await runDoctor(io, options);
    });
}
