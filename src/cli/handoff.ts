import { join, relative } from "node:path";
import { type Command, Option } from "commander";
import { HANDOFF_TOOLS, type HandoffTool, toolName, typedLine } from "../core/context/handoffTool.ts";
import { CliFailure } from "./failure.ts";
import { type Io, paint, writeJson } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";
import { findProjectRoot } from "./projectRoot.ts";

interface Options {
  to: HandoffTool;
  from?: HandoffTool;
  session?: string;
  task?: string;
  json?: boolean;
}

/** `handoff [--to opencode|claude|codex] [--json]`: writes what the work stands at, for whoever goes on with it. */
export function registerHandoff(program: Command, io: Io): void {
  program
    .command("handoff")
    .description(say(io.lang, "handoff.description"))
    .addOption(new Option("--to <tool>", say(io.lang, "handoff.to")).choices(HANDOFF_TOOLS).default("opencode"))
    .addOption(new Option("--from <tool>", say(io.lang, "handoff.from")).choices(HANDOFF_TOOLS))
    .option("--session <id>", say(io.lang, "handoff.session"))
    .option("--task <text>", say(io.lang, "handoff.task"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () =>
      examples(io, ["handoff", "handoff --to claude", 'handoff --to codex --task "Finish the login page" --json']),
    )
    .action(async ({ to, from, session, task, json }: Options) => {
      const projectPath = await findProjectRoot(io.cwd);
      if (projectPath === undefined)
        throw new CliFailure(say(io.lang, "handoff.noGit", { dir: io.cwd }), {
          next: say(io.lang, "handoff.noGit.next"),
        });
      const { soundConfig } = await import("./config/load.ts");
      await soundConfig(io);
      const { handOff } = await import("../library/context/handOff.ts");
      const { hasWords } = await import("../core/context/taskContext.ts");
      // Claude Code says so to every program that it starts.
      const within = io.env.CLAUDECODE === "1" && to !== "claude" ? "claude" : undefined;
      const done = handOff({
        ...{ projectPath, to, session, task, env: io.env },
        from: from ?? within,
        language: io.lang,
      });
      const { file, context, start, headless } = done;
      if (json) return writeJson(io, { ok: true, ...done });
      io.stdout.write(
        `${say(io.lang, "handoff.done", {
          from: toolName(done.from),
          to: toolName(to),
          file: relative(io.cwd, file) || join(".", file),
          characters: done.characters.toLocaleString("en"),
        })}\n`,
      );
      if (!hasWords(context)) io.stdout.write(`${paint(io, "yellow", say(io.lang, "handoff.empty"))}\n`);
      io.stdout.write(`${say(io.lang, "handoff.goOn")}\n  ${typedLine(start)}\n`);
      io.stdout.write(`${say(io.lang, "handoff.headless")}\n  ${typedLine(headless)}\n`);
    });
}
