import type { CommandOf } from "../commands.ts";
import type { SwarmState } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept } from "./decision.ts";

/** How often a report is asked for: each time costs a restart, and a Commander that never answers is left to the person. */
const ASKS = 3;

/** Asks for the report that a commit owes the person. Nothing where it was given, or where the log never owed one. */
export function askReport(command: CommandOf<"ask_report">, state: SwarmState): Decision {
  if (state?.phase !== "done" || state.report === undefined || state.report.asked >= ASKS) return accept();
  return accept({ type: "report_asked", at: command.at });
}

export function reportGiven(command: CommandOf<"report_given">, state: SwarmState): Decision {
  if (state?.phase !== "done" || state.report === undefined || state.session !== command.session) return accept();
  return accept({ type: "report_given", at: command.at });
}
