import type { Failure } from "../../core/gate/classifyFailure.ts";
import { finalWords } from "../../core/gate/hostRetry.ts";

/** In place of a detail that would make OpenCode try again behind what was shown. */
const WORDS_ELSEWHERE = "Its own words are in .aegis/gate.jsonl.";

/** For a request that was given up before anything of its answer was shown. */
export function failureText(failure: Failure, detail: string, attempts: number): string {
  const tries = attempts === 1 ? "" : ` after ${attempts} tries`;
  const head = `The model server did not answer${tries} (${failure.kind})`;
  const next = "Look at it with `oh-my-qwencoder doctor`.";
  return finalWords(`${head}: ${detail}. ${next}`, `${head}. ${WORDS_ELSEWHERE} ${next}`);
}

/** For an answer that broke off. */
export function brokenText(failure: string, detail: string): string {
  const head = "The model server broke off in the middle of its answer";
  return finalWords(`${head}: ${detail}`, `${head} (${failure}). ${WORDS_ELSEWHERE}`);
}
