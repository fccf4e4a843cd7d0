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
    case "worker_strayed":
    case "worker_interrupted":
    case "worker_stalled":
    case "worker_ran_away":
    case "worker_failed":
    case "worker_cancelled":
    case "continuation_exhausted":
    case "commander_interrupted":
    case "commander_ran_away":
    case "gate_overridden":
    case "person_aborted":
    case "swarm_aborted":
      return "bad";
    case "design_approved":
    case "foundation_completed":
    case "committed":
    case "report_given":
      return "good";
    case "swarm_started":
    case "person_spoke":
    case "autopilot_cancelled":
    case "design_proposed":
    case "design_answered":
    case "design_skipped":
    case "commander_wrote":
    case "workers_dispatched":
    case "worker_started":
    case "worker_resumed":
    case "worker_advanced":
    case "worker_wrote":
    case "worker_nudged":
    case "worker_moving":
    case "worker_told":
    case "worker_renewed":
    case "worker_retried":
    case "worker_read":
    case "worktree_opened":
    case "worker_saved":
    case "worktree_closed":
    case "qa_change_seen":
    case "qa_change_answered":
    case "unsandboxed_qa_asked":
    case "unsandboxed_qa_answered":
    case "report_asked":
    case "continued":
    case "commander_told":
    case "commander_replaced":
    case "swarm_resumed":
      return "plain";
    default:
      // An event that no case knows does not compile.
      event satisfies never;
      return "plain";
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
    case "swarm_started":
    case "autopilot_cancelled":
    case "design_approved":
    case "design_skipped":
    case "worker_started":
    case "worker_resumed":
    case "worker_strayed":
    case "worker_nudged":
    case "worker_interrupted":
    case "worker_stalled":
    case "worker_moving":
    case "worker_ran_away":
    case "worker_told":
    case "worker_renewed":
    case "worker_retried":
    case "worker_read":
    case "worktree_opened":
    case "worker_saved":
    case "worktree_closed":
    case "qa_change_seen":
    case "qa_change_answered":
    case "unsandboxed_qa_asked":
    case "unsandboxed_qa_answered":
    case "report_asked":
    case "report_given":
    case "continuation_exhausted":
    case "commander_interrupted":
    case "commander_ran_away":
    case "commander_told":
    case "person_aborted":
    case "commander_replaced":
    case "swarm_resumed":
      return short(JSON.stringify(rest).slice(1, -1));
    default:
      return short(JSON.stringify(event satisfies never));
  }
}

function short(text: string): string {
  const line = plainLine(text.slice(0, 4 * LENGTH))
    .replace(/\s+/gu, " ")
    .trim();
  return line.length > LENGTH ? `${line.slice(0, LENGTH - 1)}…` : line;
}
