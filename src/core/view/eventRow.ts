import type { SwarmEvent } from "../workflow/events.ts";
import { plainLine } from "./cells.ts";

/** An event of the log as one line. */
export interface EventRow {
  /** Its place in the log, from 0. */
  n: number;
  /** ms since the epoch. */
  at: number;
  type: SwarmEvent["type"];
  /** The Worker it is about; empty for others. */
  worker: string;
  /** The beginning of what it holds. */
  text: string;
  tone: "good" | "bad" | "plain";
}

/** Characters of a row: more than the widest screen shows. */
const LENGTH = 240;

const BAD: ReadonlySet<string> = new Set([
  ...["worker_strayed", "worker_interrupted", "worker_stalled", "worker_ran_away", "worker_failed", "worker_cancelled"],
  ...["continuation_exhausted", "commander_interrupted", "commander_ran_away", "gate_overridden", "person_aborted"],
  "swarm_aborted",
]);
const GOOD: ReadonlySet<string> = new Set(["design_approved", "foundation_completed", "committed", "report_given"]);

/** @param n the event's place in the log */
export function eventRow(event: SwarmEvent, n: number): EventRow {
  const { type, at, ...content } = event;
  const { worker = "", ...rest } = { worker: "", ...content };
  return { n, at, type, worker, text: wordsOf(event, rest), tone: toneOf(event) };
}

function toneOf(event: SwarmEvent): EventRow["tone"] {
  switch (event.type) {
    case "worker_reported":
      return event.status === "completed" ? "good" : "bad";
    case "worker_qa_ran":
      return event.exit === 0 ? "good" : "bad";
    case "conflicts_checked":
      return event.clean ? "good" : "bad";
    case "qa_ran":
      return event.stable && event.rows.every(({ passed }) => passed) ? "good" : "bad";
    default:
      return BAD.has(event.type) ? "bad" : GOOD.has(event.type) ? "good" : "plain";
  }
}

/** What a person looks for first in an event; for the others, all it holds. */
function wordsOf(event: SwarmEvent, rest: object): string {
  switch (event.type) {
    case "person_spoke":
      return short(event.excerpt);
    case "design_proposed":
      return short(event.proposal.summary);
    case "design_answered":
      return short(`${event.verdict}: ${event.said}`);
    case "foundation_completed":
      return short(event.summary);
    case "workers_dispatched":
      return short(event.workers.map(({ id, name }) => `${id} ${name}`).join(", "));
    case "worker_advanced":
      return event.stage;
    case "worker_wrote":
    case "commander_wrote":
      return short(event.paths.join(", "));
    case "worker_qa_ran":
      return short(`${event.command} → ${event.exit}`);
    case "worker_reported":
      return short(`${event.status}: ${event.summary}`);
    case "worker_failed":
    case "worker_cancelled":
    case "swarm_aborted":
    case "gate_overridden":
      return short(event.reason);
    case "qa_ran":
      return short(
        event.rows.map(({ check, passed, detail }) => `${passed ? "✓" : "✗"} ${check} ${detail}`).join(" · "),
      );
    case "conflicts_checked":
      return short(`${event.rows.length} · ${event.clean ? "clean" : "conflicts"}`);
    case "committed":
      return short(`${event.commit.slice(0, 10)} ${event.message}`);
    case "continued":
      return short(event.missing);
    default:
      return short(JSON.stringify(rest).slice(1, -1));
  }
}

function short(text: string): string {
  const line = plainLine(text.slice(0, 4 * LENGTH))
    .replace(/\s+/gu, " ")
    .trim();
  return line.length > LENGTH ? `${line.slice(0, LENGTH - 1)}…` : line;
}
