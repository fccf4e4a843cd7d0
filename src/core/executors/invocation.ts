import { providerId } from "../routing/providers.ts";

/** A command line that does one piece of work and ends. */
export type CliName = "codex" | "gemini" | "claude" | "opencode";

/** Programs of each, in the order in which they are looked for. */
export const PROGRAMS: Readonly<Record<CliName, readonly string[]>> = {
  codex: ["codex"],
  // Google's successor for consumer accounts takes the same work in other words.
  gemini: ["gemini", "agy"],
  claude: ["claude"],
  opencode: ["opencode"],
};

const BY_PROVIDER: Readonly<Record<string, CliName>> = {
  openai: "codex",
  codex: "codex",
  gemini: "gemini",
  claude: "claude",
  opencode: "opencode",
  local: "opencode",
};

/** The command line for a provider under any of its names; undefined where OpenCode or nobody knows it. */
export function cliOf(provider: string): CliName | undefined {
  const id = providerId(provider);
  return Object.hasOwn(BY_PROVIDER, id) ? BY_PROVIDER[id] : undefined;
}

/** One piece of work for a command line. */
export interface CliTask {
  /** As the command line names it; OpenCode's is `provider/model`. */
  model: string;
  prompt: string;
  /** Absolute path. */
  projectDir: string;
  /** An agent of OpenCode's; the others have none. */
  agent?: string | undefined;
  /** Arguments before ours, for OpenCode. */
  before?: readonly string[] | undefined;
}

/**
 * Longest prompt in bytes: Linux takes an argument of 128 KiB with its final zero (MAX_ARG_STRLEN), and a variable's or
 * option's name may stand before it.
 */
export const LONGEST_PROMPT = 131_072 - 64;

/**
 * The arguments of one run, without the program. The prompt comes as arguments that cannot be read as options, whatever they
 * begin with. @param program one of `PROGRAMS`
 */
export function invocationOf(program: string, { model, prompt, projectDir, agent, before }: CliTask): string[] {
  switch (program) {
    case "codex":
      return [
        ...["exec", "--json", "--skip-git-repo-check", "--ephemeral", "-s", "workspace-write"],
        ...["-C", projectDir, "-m", model, "--", prompt],
      ];
    case "gemini":
      return [`--prompt=${prompt}`, "-m", model, "-o", "json", "--approval-mode", "yolo", "--skip-trust"];
    case "agy":
      return [`-p=${prompt}`, "--output-format", "json", "--model", model];
    case "claude":
      // stream-json without --verbose ends with exit code 1.
      return [
        ...["-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits"],
        ...["--model", model, "--", prompt],
      ];
    case "opencode": {
      // Without a title OpenCode asks a model for one.
      const title = prompt.trim().split("\n", 1)[0]?.slice(0, 60) || "Job";
      const own = ["run", "--format", "json", `--title=${title}`, "-m", model];
      return [...(before ?? []), ...own, ...(agent === undefined ? [] : ["--agent", agent]), "--", ...words(prompt)];
    }
    default:
      throw new RangeError(`"${program}" is no command line known here.`);
  }
}

/**
 * A prompt as OpenCode takes it. It puts quotes round an argument with a space in it and joins arguments by spaces, so the
 * prompt comes word by word; a word that is a number would reach it as one, which ends it, so that a tab holds it to its
 * neighbour in the space's place.
 */
function words(prompt: string): string[] {
  const args: string[] = [];
  let glue = false;
  for (const word of prompt.split(" ")) {
    const number = word !== "" && !Number.isNaN(Number(word));
    const last = args.at(-1);
    if (last !== undefined && (number || glue)) args[args.length - 1] = `${last}\t${word}`;
    else args.push(word);
    glue = number && last === undefined;
  }
  const [only = ""] = args;
  return args.length === 1 && only !== "" && !Number.isNaN(Number(only)) ? [`"${only}"`] : args;
}
