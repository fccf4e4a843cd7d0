import { proseLimit } from "../routing/proseLimit.ts";
import { failureFromWords, type RunFailure } from "./cliFailure.ts";
import type { Transcript } from "./transcript.ts";

/** How a program ended. */
export interface ProgramEnd {
  /** Absent where a signal ended it. */
  exitCode: number | undefined;
  /** Why it was ended from here. */
  endedBy?: "timeout" | "cancelled";
  /** Ends of what it wrote. */
  stdoutTail: string;
  stderrTail: string;
}

/**
 * Whether a run succeeded: exit 0, the event that ends a run, no error in it, and an answer. Everything else is a failure
 * with its kind.
 *
 * @param now milliseconds since the epoch
 * @returns undefined for a success
 */
export function runFailure(program: string, end: ProgramEnd, said: Transcript, now: number): RunFailure | undefined {
  if (end.endedBy === "cancelled") return { kind: "cancelled", message: `${program} was stopped.` };
  if (end.endedBy === "timeout") {
    const last = said.error?.message ?? lastLine(end.stderrTail);
    return { kind: "timeout", message: `${program} did not end in time.${last === "" ? "" : ` Last: ${last}`}` };
  }
  if (said.error && (end.exitCode !== 0 || !said.ended || said.text.trim() === ""))
    return failureFromWords(said.error.message, said.error.status, now);
  const limit = proseLimit(said.text, now);
  if (limit) return failureFromWords(said.text, undefined, now);
  if (end.exitCode !== 0) {
    const words = end.stderrTail.trim() || end.stdoutTail.trim();
    const how = end.exitCode === undefined ? "was ended by a signal" : `ended with exit code ${end.exitCode}`;
    const typed = failureFromWords(words.slice(-4_000), undefined, now);
    return { ...typed, message: words === "" ? `${program} ${how} and said nothing.` : typed.message };
  }
  if (!said.ended) {
    const words = lastLine(end.stderrTail);
    return {
      kind: failureFromWords(words, undefined, now).kind,
      message: `${program} ended without a result.${words === "" ? "" : ` Last: ${words}`}`,
    };
  }
  if (said.text.trim() === "") return { kind: "unknown", message: `${program} ended with an empty answer.` };
  return undefined;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 400) ?? "";
}
