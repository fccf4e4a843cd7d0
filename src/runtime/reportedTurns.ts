import { goesOnFrom } from "../core/gate/goesOn.ts";
import type { Language } from "../core/workflow/model.ts";
import type { EndsTurn } from "./modelGate/modelGate.ts";
import { turnEndText } from "./workerTexts.ts";

/**
 * Turns in which a Worker's final report was taken. Nothing that its model says afterwards changes anything, so the request
 * that the host would send next is not sent.
 */
export class ReportedTurns {
  private readonly reports = new Map<string, { call: string; at: number }>();
  private readonly language: () => Language | undefined;

  /** @param language the swarm's, now */
  constructor(language: () => Language | undefined) {
    this.language = language;
  }

  /** @param call the id of the tool call that brought the report; @param at ms since the epoch */
  taken(session: string, call: string, at: number): void {
    this.reports.set(session, { call, at });
  }

  /** What stands in the place of an answer to the request that goes on from the report; once, and for no other request. */
  readonly endsTurn: EndsTurn = (session, body) => {
    const report = this.reports.get(session);
    if (!report || !goesOnFrom(body, report.call)) return undefined;
    this.reports.delete(session);
    return { words: turnEndText(this.language()), reportedAt: report.at };
  };

  /** The session's turn is over: whatever it is asked next reaches the model. */
  over(session: string): void {
    this.reports.delete(session);
  }
}
