/** The line with the day, as OpenCode 1.18 writes it into the environment block of its system prompt. */
const DAY = /^[ \t]*Today's date: .*\n?/mu;

/**
 * The system prompt without what changes from day to day. The model server's cache holds a prompt up to the first byte that
 * differs: the day stands before a project's instructions and all tools, so that every role would be read anew each morning
 * and by every session that outlives midnight. No role needs the date.
 */
export function withoutDay(system: readonly string[]): string[] {
  return system.map((part) => part.replace(DAY, ""));
}
