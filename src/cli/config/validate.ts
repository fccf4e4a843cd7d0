import type { Command } from "commander";
import type { Problem } from "../../config/problem.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** The failure for a configuration that cannot be used: every finding on a line of its own. */
export function invalid(io: Io, lines: readonly string[], problems: readonly Problem[]): CliFailure {
  return new CliFailure(`${say(io.lang, "config.invalid", { count: problems.length })}\n  ${lines.join("\n  ")}`, {
    next: say(io.lang, "config.invalid.next"),
    data: { problems },
  });
}

/** `config validate [--json]`: exit 0 where the configuration is sound, else 1 with every finding. */
export function registerValidate(group: Command, io: Io): void {
  group
    .command("validate")
    .description(say(io.lang, "config.validate.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["config validate", "config validate --json"]))
    .action(async (options: { json?: boolean }) => {
      const { loadConfig, wordProblem } = await import("./load.ts");
      const result = await loadConfig(io);
      if (!result.ok)
        throw invalid(
          io,
          result.problems.map((problem) => wordProblem(io, problem)),
          result.problems,
        );
      for (const warning of result.warnings)
        io.stderr.write(`${paint(io, "yellow", say(io.lang, "warning"))} ${wordProblem(io, warning)}\n`);
      if (options.json) writeJson(io, { ok: true, files: result.files, warnings: result.warnings });
      else
        io.stdout.write(
          `${say(io.lang, "config.valid", { files: result.files.join(", ") || say(io.lang, "config.defaultsOnly") })}\n`,
        );
    });
}
