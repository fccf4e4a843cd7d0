import { Argument, type Command } from "commander";
import type { Io } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/**
 * `completion SHELL` prints the script a shell loads once; the script asks the hidden `complete -- WORDS` at each press of
 * the tab key. What can follow is read from the commands themselves, in the person's language.
 */
export function registerCompletion(program: Command, io: Io): void {
  program
    .command("completion")
    .description(say(io.lang, "completion.description"))
    .addArgument(new Argument("<shell>", say(io.lang, "completion.shell")).choices(SHELLS))
    .addHelpText("after", () =>
      examples(io, [
        "completion bash > ~/.local/share/bash-completion/completions/oh-my-qwencoder",
        'completion zsh > "${fpath[1]}/_oh-my-qwencoder"',
        "completion fish > ~/.config/fish/completions/oh-my-qwencoder.fish",
      ]),
    )
    .action(async (shell: string) => {
      const { script } = await import("@bomb.sh/tab");
      script(shell, program.name(), program.name());
    });
  program
    .command("complete", { hidden: true })
    .description(say(io.lang, "completion.complete"))
    .argument("[words...]")
    .addHelpText("after", () => examples(io, ["complete -- swarm st"]))
    .action(async (words: string[]) => {
      const { RootCommand } = await import("@bomb.sh/tab");
      const root = new RootCommand();
      describe(root, program);
      root.parse(words);
    });
}

/** What a completion is built from: `root` and each of its commands. */
interface Completed {
  option(value: string, description: string, handler?: Choices, alias?: string): unknown;
  argument(name: string, handler?: Choices, variadic?: boolean): unknown;
}
type Choices = (complete: (value: string, description: string) => void) => void;

/** Tells `root` of a program's options, and of all commands below it by their whole names. */
function describe(
  root: Completed & { command(value: string, description: string): Completed },
  program: Command,
): void {
  describeOne(root, program);
  const below = (parent: Command, path: readonly string[]) => {
    for (const child of parent.createHelp().visibleCommands(parent)) {
      const name = [...path, child.name()];
      describeOne(root.command(name.join(" "), child.description()), child);
      below(child, name);
    }
  };
  below(program, []);
}

function describeOne(completed: Completed, command: Command): void {
  for (const option of command.createHelp().visibleOptions(command)) {
    const value = option.long?.slice(2);
    if (value === undefined) continue;
    const takesOne = option.required || option.optional;
    const alias = /^-\w$/u.test(option.short ?? "") ? option.short?.slice(1) : undefined;
    completed.option(value, option.description, takesOne ? offering(option.argChoices) : undefined, alias);
  }
  for (const argument of command.registeredArguments)
    completed.argument(argument.name(), offering(argument.argChoices), argument.variadic);
}

/** Offers what an option or argument may be; nothing where it may be anything. */
function offering(choices: readonly string[] = []): Choices {
  return (complete) => {
    for (const choice of choices) complete(choice, "");
  };
}
