/** A helper's answer to who sent it out (characters): thirty lines that refer to code by path and line are well below. */
const HELPERS_ANSWER = 8_000;
/** Of a shell's output, how much of the limit its end gets: a failing check says at the end what is wrong. */
const END_SHARE = 0.7;

/**
 * Keeps one tool result from filling a session's context: it is read again with every later request, and its tokens take the
 * place of another session in the GPU's memory. Whole lines are left out, and the model is told how to get at them.
 *
 * @param tool the host's name of the tool; of a shell's output begin and end stay, of everything else the beginning
 * @param limit most characters that stay, the note beside
 * @param whole where the whole result can be read, if it was kept
 */
export function boundedOutput(tool: string, output: string, limit: number, whole?: string): string {
  const most = mostOf(tool, limit);
  if (output.length <= most) return output;
  const atEnd = tool === "bash" ? Math.floor(most * END_SHARE) : 0;
  const head = upToLine(output.slice(0, most - atEnd));
  const tail = atEnd === 0 ? "" : fromLine(output.slice(-atEnd));
  const left = output.slice(head.length, output.length - tail.length);
  const lines = left.split("\n").length - (left.endsWith("\n") ? 1 : 0);
  const note = `[${lines} lines (${left.length} characters) left out. ${advice(tool, whole)}]`;
  return [head.replace(/\n$/u, ""), note, tail].filter((part) => part !== "").join("\n");
}

/** Whether a helper's answer is longer than what its asker's context gets of it. */
export function isLongAnswer(tool: string, output: string, limit: number): boolean {
  return tool === "task" && output.length > mostOf(tool, limit);
}

function mostOf(tool: string, limit: number): number {
  return tool === "task" ? Math.min(limit, HELPERS_ANSWER) : limit;
}

function advice(tool: string, whole: string | undefined): string {
  if (whole !== undefined) return `The whole answer is in ${whole}: read there what you need, with offset and limit.`;
  return ADVICE[tool] ?? "Ask for less at once.";
}

const ADVICE: Readonly<Record<string, string>> = {
  read: "Read on with offset and limit.",
  bash: "Run it again for one file or test, or with less output.",
  grep: "Search for something narrower.",
  glob: "Use a narrower pattern.",
  task: "Ask a helper for the part you need.",
};

/** Up to the last whole line; a single line longer than all of it is cut where it is. */
function upToLine(text: string): string {
  const end = text.lastIndexOf("\n");
  return end <= 0 ? text : text.slice(0, end + 1);
}

function fromLine(text: string): string {
  const begin = text.indexOf("\n");
  return begin === -1 || begin === text.length - 1 ? text : text.slice(begin + 1);
}
