import { runawayNote } from "../core/runawayNote.ts";
import type { Language } from "../core/workflow/model.ts";

const REPORT = "call report_result with status completed, failed or blocked";

/** What a Worker is told whose turn ended without a report; `runaway` is what its last answer repeated without end. */
export function nudgeText(runaway: string | undefined): string {
  if (runaway !== undefined) {
    return `${runawayNote(runaway)} Take one small step with one tool call, finish your part, and ${REPORT}.`;
  }
  return `Your turn ended without report_result. Finish your part and ${REPORT}. This is the last reminder.`;
}

/** What a Worker is told whose session goes on after an interruption. */
export function resumeText(after: "restart" | "failure"): string {
  const why =
    after === "restart"
      ? "The process was interrupted and has been started again."
      : "The model server did not answer, and your last answer may be cut off. Nothing on disk is lost.";
  return `${why} Look at what is already written in your scope, go on from there, run your checks, and call report_result.`;
}

/** What stands in a Worker's session where its model would have spoken after its report. */
export function turnEndText(language: Language | undefined): string {
  return language === "ko"
    ? "Aegis: 보고가 접수되어 이 차례를 여기서 마칩니다. 모델에 묻지 않았습니다."
    : "Aegis: the report is in, so this turn ends here. No model was asked.";
}
