import { Command, CommanderError, Help, InvalidArgumentError, Option } from "commander";
import { messageOf } from "../ports/thrown.ts";
import { CliFailure } from "./failure.ts";
import { type Io, paint, writeJson } from "./io.ts";
import { type MessageKey, say } from "./messages/catalogue.ts";
import { isLanguage, pickLanguage } from "./messages/language.ts";
import { fitted, textWidth } from "./textWidth.ts";

/** Adds one command, or a group of them, to the program. */
export type Register = (program: Command, io: Io) => void | Promise<void>;

function languageFlag(argv: readonly string[]): string | undefined {
  for (const [index, word] of argv.entries()) {
    if (word === "--") return undefined;
    if (word === "--lang") return argv[index + 1];
    if (word.startsWith("--lang=")) return word.slice("--lang=".length);
  }
  return undefined;
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

/** `Examples:` after a command's help, one per line. */
export function examples(io: Io, lines: readonly string[]): string {
  return `\n${say(io.lang, "help.examples")}\n${lines.map((line) => `  $ oh-my-qwencoder ${line}`).join("\n")}\n`;
}

const titles: Record<string, MessageKey> = {
  "Usage:": "help.usage",
  "Options:": "help.options",
  "Commands:": "help.commands",
  "Arguments:": "help.arguments",
  "Global Options:": "help.globalOptions",
};

/** The bare program: name, version, language, help and error channels; commands are registered on it. */
export function makeProgram(io: Io, version: string): Command {
  const program = new Command("oh-my-qwencoder")
    .description(say(io.lang, "program.description"))
    .version(version, "-V, --version", say(io.lang, "option.version"))
    .helpOption("-h, --help", say(io.lang, "option.help"))
    .helpCommand(false)
    .addOption(
      new Option("--lang <language>", say(io.lang, "option.lang")).argParser((word) => {
        if (!isLanguage(word)) throw new InvalidArgumentError(say(io.lang, "error.lang"));
        return word;
      }),
    )
    .configureHelp({
      showGlobalOptions: true,
      displayWidth: textWidth,
      optionDescription(option) {
        const described = Help.prototype.optionDescription.call(this, option);
        return described.replace("(default: ", `(${say(io.lang, "help.default")}: `);
      },
      styleTitle: (title) => {
        const key = titles[title];
        return paint(io, "bold", key ? say(io.lang, key) : title);
      },
    })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => io.colour,
      getErrHasColors: () => io.colour,
    })
    .exitOverride()
    .showSuggestionAfterError(true)
    .addHelpText("after", () =>
      examples(io, [
        "install --yes",
        "doctor",
        "demo",
        "plan --workers 8",
        "start-vllm --wait",
        "scope check scopes.json --json",
        "config show",
      ]),
    );
  return program;
}

function report(io: Io, failure: CliFailure, json: boolean): number {
  io.stderr.write(`${fitted(io, `${paint(io, "red", say(io.lang, "error.prefix"))} ${failure.message}`, 2)}\n`);
  if (failure.next !== undefined)
    io.stderr.write(`${fitted(io, `${say(io.lang, "error.next")} ${failure.next}`, 2)}\n`);
  if (json) {
    const next = failure.next === undefined ? {} : { next: failure.next };
    writeJson(io, { ok: false, ...failure.data, error: failure.message, ...next });
  }
  return failure.exitCode;
}

/**
 * Runs one command line.
 *
 * @param argv the arguments after the program's name
 * @param commands what to register; only the action of the chosen command loads its heavy modules
 * @returns the exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 ended by Ctrl-C
 */
export async function runCli(
  argv: readonly string[],
  base: Io,
  commands: readonly Register[],
  version: string,
): Promise<number> {
  const io: Io = { ...base, lang: pickLanguage(languageFlag(argv), base.env) };
  const program = makeProgram(io, version);
  for (const register of commands) await register(program, io);
  const json = wantsJson(argv);
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    if (io.signal.aborted) return 130;
    if (error instanceof CliFailure) return report(io, error, json);
    if (error instanceof CommanderError) {
      // Help and version end here with code 0; a group without a subcommand shows its help and is wrong usage.
      if (error.exitCode === 0) return 0;
      if (json) writeJson(io, { ok: false, error: error.message.replace(/^error: /, "") });
      io.stderr.write(`${say(io.lang, "error.usage")}\n`);
      return 2;
    }
    return report(
      io,
      new CliFailure(messageOf(error), {
        next: say(io.lang, "error.unexpected"),
      }),
      json,
    );
  }
}
