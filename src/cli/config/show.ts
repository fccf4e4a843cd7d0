import type { Command } from "commander";
import { CliFailure } from "../failure.ts";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** Names that an unknown one is answered with, at most. */
const NEAREST = 3;

/** `config show [KEY] [--json]`: every setting, or one and what is below it, with its value and where it came from. */
export function registerShow(group: Command, io: Io): void {
  group
    .command("show")
    .description(say(io.lang, "config.show.description"))
    .argument("[key]", say(io.lang, "config.show.key"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () =>
      examples(io, ["config show", "config show gate.priority", "config show swarm --json", "config show --json"]),
    )
    .action(async (key: string | undefined, options: { json?: boolean }) => {
      const { soundConfig } = await import("./load.ts");
      const { leaves } = await import("../../config/keys.ts");
      const keys = leaves().map(({ path }) => path.join("."));
      const shown = key === undefined ? keys : keys.filter((each) => each === key || each.startsWith(`${key}.`));
      if (key !== undefined && shown.length === 0) throw await unknownKey(io, key, keys);
      const { config, origin, files, warnings } = await soundConfig(io);
      const originOf = (name: string) => origin[name] ?? "default";
      if (options.json) {
        const some = key !== undefined && {
          key,
          value: valueAt(config, key) ?? null,
          origin: Object.fromEntries(shown.map((name) => [name, originOf(name)])),
        };
        writeJson(io, { ok: true, ...(some || { config, origin }), files, warnings });
        return;
      }
      for (const name of shown) {
        const value = valueAt(config, name);
        if (value === undefined && name !== key) continue;
        const text = value === undefined ? say(io.lang, "config.show.unset") : JSON.stringify(value);
        const line = `${name} = ${text}`;
        const from = originOf(name);
        io.stdout.write(`${line.padEnd(64)} ${paint(io, from === "default" ? "dim" : "green", from)}\n`);
      }
    });
}

function valueAt(config: unknown, key: string): unknown {
  return key
    .split(".")
    .reduce(
      (value: unknown, step) => (typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined),
      config,
    );
}

async function unknownKey(io: Io, key: string, keys: readonly string[]): Promise<CliFailure> {
  const { nearestOf } = await import("../../config/nearest.ts");
  const groups = keys.flatMap((each) => each.split(".").map((_, index, steps) => steps.slice(0, index + 1).join(".")));
  const near = nearestOf(key, [...new Set(groups)], NEAREST);
  const next =
    near.length === 0
      ? say(io.lang, "config.show.unknown.all")
      : say(io.lang, "config.show.unknown.next", { names: near.join(", ") });
  return new CliFailure(say(io.lang, "config.show.unknown", { key }), { exitCode: 2, next, data: { nearest: near } });
}
