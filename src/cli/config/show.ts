import type { Command } from "commander";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `config show [--json]`: every setting, its value and where it came from. */
export function registerShow(group: Command, io: Io): void {
  group
    .command("show")
    .description(say(io.lang, "config.show.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["config show", "config show --json"]))
    .action(async (options: { json?: boolean }) => {
      const { soundConfig } = await import("./load.ts");
      const result = await soundConfig(io);
      if (options.json) {
        writeJson(io, {
          ok: true,
          config: result.config,
          origin: result.origin,
          files: result.files,
          warnings: result.warnings,
        });
        return;
      }
      const { leaves } = await import("../../config/keys.ts");
      for (const { path } of leaves()) {
        let value: unknown = result.config;
        for (const step of path)
          value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
        if (value === undefined) continue;
        const key = path.join(".");
        const origin = result.origin[key] ?? "default";
        const line = `${key} = ${JSON.stringify(value)}`;
        io.stdout.write(`${line.padEnd(64)} ${paint(io, origin === "default" ? "dim" : "green", origin)}\n`);
      }
    });
}
