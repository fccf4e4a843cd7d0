import type { Command } from "commander";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `config validate [--json]`: exit 0 where the configuration is sound, else 1 with every finding. */
export function registerValidate(group: Command, io: Io): void {
  group
    .command("validate")
    .description(say(io.lang, "config.validate.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["config validate", "config validate --json"]))
    .action(async (options: { json?: boolean }) => {
      const { soundConfig } = await import("./load.ts");
      const result = await soundConfig(io);
      if (options.json) writeJson(io, { ok: true, files: result.files, warnings: result.warnings });
      else
        io.stdout.write(
          `${say(io.lang, "config.valid", { files: result.files.join(", ") || say(io.lang, "config.defaultsOnly") })}\n`,
        );
    });
}
