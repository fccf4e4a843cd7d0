import type { Command } from "commander";
import { messageOf } from "../../ports/thrown.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

async function readInput(io: Io, file: string): Promise<string> {
  if (file === "-") return await io.readStdin();
  const { readFile } = await import("node:fs/promises");
  const { resolve } = await import("node:path");
  try {
    return await readFile(resolve(io.cwd, file), "utf8");
  } catch (error) {
    throw new CliFailure(say(io.lang, "scope.unreadable", { file, reason: messageOf(error) }), {
      next: say(io.lang, "scope.next"),
      data: { overlaps: [] },
    });
  }
}

/** `scope check FILE|- [--json]`: exit 0 where no two Workers' scopes overlap, else 1. */
export function registerScope(program: Command, io: Io): void {
  const group = program.command("scope").description(say(io.lang, "scope.description"));
  group
    .command("check")
    .description(say(io.lang, "scope.check.description"))
    .argument("<file>", say(io.lang, "scope.check.file"))
    .option("--json", say(io.lang, "option.json"))
    .option("--ignore-case", say(io.lang, "scope.check.ignoreCase"))
    .addHelpText("after", () =>
      examples(io, [
        "scope check scopes.json",
        `scope check - --json <<< '[{"name":"api","fileScope":["src/api/**"]}]'`,
      ]),
    )
    .action(async (file: string, options: { json?: boolean; ignoreCase?: boolean }) => {
      const text = await readInput(io, file);
      const { checkScopes } = await import("../../core/scope/check.ts");
      let input: unknown;
      try {
        input = JSON.parse(text.replace(/^\uFEFF/, ""));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw new CliFailure(say(io.lang, "scope.notJson", { file, reason: error.message }), {
          next: say(io.lang, "scope.next"),
          data: { overlaps: [] },
        });
      }
      const result = checkScopes(input, { caseInsensitive: options.ignoreCase === true });
      if (options.json && result.ok) writeJson(io, result);
      if (result.ok) {
        if (!options.json) io.stdout.write(`${say(io.lang, "scope.disjoint")}\n`);
        return;
      }
      const lines = [
        ...(result.problems ?? []).map((problem) => `${problem.name}: ${problem.glob} ${problem.reason}`),
        ...result.overlaps.map((row) =>
          say(io.lang, "scope.row", {
            a: row.a,
            b: row.b,
            globA: row.globA,
            globB: row.globB,
            witness: row.witness ?? say(io.lang, "scope.undecided", { reason: row.reason ?? "" }),
          }),
        ),
      ];
      throw new CliFailure(
        `${say(io.lang, "scope.overlap")}\n  ${lines.map((line) => paint(io, "yellow", line)).join("\n  ")}`,
        {
          next: say(io.lang, "scope.mend"),
          data: { ...result },
        },
      );
    });
}
