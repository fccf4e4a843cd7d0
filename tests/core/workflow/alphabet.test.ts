import { expect, test } from "vitest";
import type { SwarmCommand } from "../../../src/core/workflow/commands.ts";
import { ALPHABET } from "./alphabet.ts";

/** Every command there is: one that is missing here does not compile. */
const EVERY: Readonly<Record<SwarmCommand["type"], true>> = {
  begin_swarm: true,
  person_spoke: true,
  cancel_autopilot: true,
  propose_design: true,
  approve_design: true,
  skip_design: true,
  complete_foundation: true,
  commander_wrote: true,
  dispatch_workers: true,
  worker_started: true,
  worker_resumed: true,
  worker_advanced: true,
  worker_wrote: true,
  worker_qa_ran: true,
  worker_strayed: true,
  worker_idle: true,
  worker_failed: true,
  worker_request_failed: true,
  worker_stalled: true,
  worker_moving: true,
  worker_ran_away: true,
  worker_told: true,
  worker_stuck: true,
  report_result: true,
  retry_worker: true,
  cancel_worker: true,
  read_worker: true,
  worktree_opened: true,
  worker_saved: true,
  worktree_closed: true,
  check_conflicts: true,
  qa_ran: true,
  qa_change_seen: true,
  ask_unsandboxed_qa: true,
  commit_landed: true,
  ask_report: true,
  report_given: true,
  commander_idle: true,
  commander_stuck: true,
  commander_request_failed: true,
  commander_resumed: true,
  commander_ran_away: true,
  commander_told: true,
  person_aborted: true,
  adopt_swarm: true,
  resume_swarm: true,
  abort_swarm: true,
  override_gate: true,
};

test("random sequences are made of every command", () => {
  expect([...new Set(ALPHABET.map(({ type }) => type))].sort()).toEqual(Object.keys(EVERY).sort());
});
