import { messageOf } from "../../ports/thrown.ts";

/** An error's first line, and that of what lies at its root. */
export function reasonOf(error: unknown): string {
  const lines: string[] = [];
  let at = error;
  // A chain that comes back to itself must end too.
  while (at !== undefined && at !== null && lines.length < 8) {
    lines.push(messageOf(at).split("\n")[0] ?? "");
    at = at instanceof Error ? at.cause : undefined;
  }
  return [...new Set([lines[0], lines.at(-1)])].filter(Boolean).join(" ← ");
}
