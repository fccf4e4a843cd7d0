import type { Command, Option } from "commander";
import { commands } from "../../src/cli/commands.ts";
import type { Io } from "../../src/cli/io.ts";
import { makeProgram } from "../../src/cli/program.ts";

const INTRODUCTION = `# Command line

Every command with its options, as \`--help\` has them (this page is made from the program: \`node scripts/docs.mjs\`). All take \`--lang en|ko\`; those with \`--json\` print exactly one JSON object on stdout. Exit status: 0 done, 1 refused or failed (the reason and the next step are on stderr), 2 wrong usage, 130 after Ctrl-C. \`oh-my-qwencoder completion bash\` (\`zsh\`, \`fish\`) prints what completes all of it in a shell.
`;

/** The page of all commands, as Markdown. */
export async function commandLinePage(): Promise<string> {
  const written: string[] = [];
  const io: Io = {
    stdout: { write: (text) => written.push(text) },
    stderr: { write: (text) => written.push(text) },
    env: {},
    cwd: "/",
    isTTY: false,
    lang: "en",
    colour: false,
    readStdin: async () => "",
    ask: async () => undefined,
    signal: new AbortController().signal,
  };
  const program = makeProgram(io, "0.0.0");
  for (const register of commands) await register(program, io);
  const sections = below(program).map((command) => section(command, written));
  return [INTRODUCTION, ...sections].join("\n");
}

/** Commands that do something, in the order of the help; a group is where its commands are. */
function below(parent: Command): Command[] {
  const own = parent
    .createHelp()
    .visibleCommands(parent)
    .filter((each) => each.name() !== "help");
  return own.flatMap((command) => (command.commands.length === 0 ? [command] : below(command)));
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function section(command: Command, written: string[]): string {
  const help = command.createHelp();
  const usage = `${nameOf(command)} ${command.usage()}`;
  const lines = [
    `## ${nameOf(command).replace(/^\S+ /u, "")}`,
    "",
    `${sentence(command.description())}`,
    "",
    "```text",
    usage,
    "```",
    "",
  ];
  const args = help
    .visibleArguments(command)
    .map((each) => [`\`${help.argumentTerm(each)}\``, help.argumentDescription(each)]);
  const options = help
    .visibleOptions(command)
    .filter(({ long }) => long !== "--help")
    .map((each: Option) => [`\`${help.optionTerm(each)}\``, help.optionDescription(each)]);
  const rows = [...args, ...options];
  if (rows.length > 0) lines.push("| | |", "|---|---|", ...rows.map(row), "");
  const examples = examplesOf(command, written);
  if (examples.length > 0) lines.push("```sh", ...examples, "```", "");
  return lines.join("\n");
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
const row = (cells: readonly (string | undefined)[]): string =>
  `| ${cells.map((text = "") => text.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;

/** The example lines behind a command's help. */
function examplesOf(command: Command, written: string[]): string[] {
  written.length = 0;
  command.outputHelp();
  return written
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("  $ "))
    .map((line) => line.slice(4));
}
