import type { Command } from "commander";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `config schema`: the JSON schema of aegis.jsonc on stdout; `--json` is accepted and changes nothing. */
export function registerSchema(group: Command, io: Io): void {
  group
    .command("schema")
    .description(say(io.lang, "config.schema.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["config schema > aegis.schema.json"]))
    .action(async () => {
      const { renderJsonSchema } = await import("../../config/jsonSchema.ts");
      io.stdout.write(renderJsonSchema());
    });
}
