/** Where work can be handed to. */
export const HANDOFF_TOOLS = ["opencode", "claude", "codex"] as const;
export type HandoffTool = (typeof HANDOFF_TOOLS)[number];

const NAMES: Readonly<Record<HandoffTool, string>> = { opencode: "OpenCode", claude: "Claude Code", codex: "Codex" };

/** As people name it. */
export function toolName(tool: HandoffTool): string {
  return NAMES[tool];
}

/** Where a handoff lies, relative to the project. */
export const HANDOFF_FILE = ".aegis/handoff/context.md";

/**
 * The command line that goes on from a handoff in a chat of that tool, started in the project's directory. Programs by their
 * names: what is installed where is the reader's matter.
 */
export function startOf(to: HandoffTool): string[] {
  const prompt = `Read ${HANDOFF_FILE} and go on with the work that it hands over.`;
  return to === "opencode" ? ["opencode", "--prompt", prompt] : [to, prompt];
}

/** What each needs to work without a chat. Claude Code and Codex may change files only where they are told so. */
const HEADLESS: Readonly<Record<HandoffTool, readonly string[]>> = {
  opencode: ["run"],
  claude: ["-p", "--permission-mode", "acceptEdits"],
  codex: ["exec", "-s", "workspace-write"],
};

/** The same without a chat: it works, with leave to change the project's files, answers and ends. */
export function headlessStartOf(to: HandoffTool): string[] {
  const [program = "", ...rest] = startOf(to);
  return [program, ...HEADLESS[to], rest.at(-1) ?? ""];
}

/** An argument list as a person would type it. */
export function typedLine(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
