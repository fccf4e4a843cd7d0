import type { QaRow } from "../qa/qaCheck.ts";
import type { ChangeRow, Gate, Language, QaStrategy, Settings, Tokens, Unmerged } from "./model.ts";
import type { OpenQuestion } from "./state.ts";

/** One Worker as `dispatch_workers` was given it, parsed but not yet judged. */
export interface WorkerRequest {
  name: string;
  feature: string;
  fileScope: readonly string[];
  sharedReadOnly?: readonly string[] | undefined;
  spec: string;
  qaRequirements?: string | undefined;
  dependsOn?: readonly string[] | undefined;
  agent?: string | undefined;
}

interface Commands {
  begin_swarm: {
    id: string;
    session: string;
    settings: Settings;
    head: string;
    dirty: readonly string[];
    language: Language;
  };
  /** Words of a person: a message they typed, or the labels they chose in a question of ours. */
  person_spoke: {
    text: string;
    autopilot: boolean;
    via: "message" | "question";
    /** The open question that was shown when they answered, where that is known: another one is not answered by it. */
    regarding?: OpenQuestion | undefined;
  };
  /** The person takes back that designs are approved without asking; what was approved stays. */
  cancel_autopilot: Record<never, never>;
  propose_design: {
    summary: string;
    features: readonly { name: string; description: string }[];
    stack?: string | undefined;
    qaStrategy: QaStrategy;
    project?: "new" | "existing" | undefined;
  };
  approve_design: { revision: number };
  skip_design: { reason: string };
  complete_foundation: {
    summary: string;
    commit: string;
    tree: string;
    paths: readonly string[];
    qa: readonly QaRow[];
  };
  commander_wrote: { paths: readonly string[] };
  dispatch_workers: { workers: readonly WorkerRequest[] };
  worker_started: { worker: string; session: string };
  /** `takeUp` names the interruption that is over; without it the process was started again. */
  worker_resumed: { worker: string; session?: string | undefined; takeUp?: number | undefined };
  worker_advanced: { worker: string; stage: "exploring" | "implementing" | "self-qa" };
  worker_wrote: { worker: string; paths: readonly string[] };
  worker_qa_ran: { worker: string; command: string; exit: number; fingerprint: string };
  worker_strayed: { worker: string; paths: readonly string[]; how: string };
  /** `session` binds what was seen to one attempt: after a retry it says nothing about the next one. */
  worker_idle: { worker: string; session?: string | undefined; lastWords: string; tokens?: Tokens | undefined };
  worker_failed: { worker: string; session?: string | undefined; reason: string; tokens?: Tokens | undefined };
  /** The session's model request was given up; `jitter` in [0, 1) spreads the wait. */
  worker_request_failed: {
    worker: string;
    session?: string | undefined;
    failure: string;
    retryable: boolean;
    detail: string;
    jitter: number;
    lastWords: string;
    tokens?: Tokens | undefined;
  };
  /** The server answers, queues nothing, and gave no first token for `waitedMs`. */
  worker_stalled: { worker: string; session?: string | undefined; waitedMs: number };
  /** Its first token came after all. */
  worker_moving: { worker: string; session?: string | undefined };
  /** Its answer was cut because it had no end. */
  worker_ran_away: { worker: string; session?: string | undefined; kind: string; lastWords: string };
  /** It was told, within its turn, that an answer of its was cut. */
  worker_told: { worker: string; session?: string | undefined };
  /** It goes round in circles although it was told. */
  worker_stuck: { worker: string; session?: string | undefined; problem: string; lastWords: string };
  report_result: {
    worker: string;
    status: "completed" | "failed" | "blocked";
    summary: string;
    qa: readonly { command: string; passed: boolean }[];
    notes?: string | undefined;
    /** Fingerprint of the Worker's scope as it is now. */
    fingerprint: string;
    tokens?: Tokens | undefined;
    /** Workers have a shell only where a sandbox can be made. */
    shellOffered: boolean;
  };
  retry_worker: { worker: string; instructions: string };
  cancel_worker: { worker: string; reason: string; reverted: readonly string[]; discarded?: boolean | undefined };
  read_worker: { worker: string };
  /** A Worker's own tree stands at `start`. */
  worktree_opened: { worker: string; dir: string; branch: string; start: string; carries: readonly string[] };
  /** A Worker's work is in `commit`, on its branch. True of ended Workers and ended swarms too. */
  worker_saved: { worker: string; commit: string };
  worktree_closed: { worker: string; kept?: string | undefined; why?: string | undefined };
  check_conflicts: {
    tree: string;
    rows: readonly ChangeRow[];
    integrated?: string | undefined;
    unmerged?: readonly Unmerged[] | undefined;
  };
  qa_ran: {
    tree: string;
    rows: readonly QaRow[];
    required: readonly string[];
    stable: boolean;
    changedByQa: readonly string[];
    sandboxed: boolean;
  };
  /** QA definitions differ from the baseline's: a person must accept `fingerprint` before QA counts. */
  qa_change_seen: { fingerprint: string; paths: readonly string[] };
  ask_unsandboxed_qa: Record<never, never>;
  commit_landed: { commit: string; tree: string; message: string; paths: readonly string[] };
  /** A process took up a swarm that is done, and nobody gives its report. */
  ask_report: Record<never, never>;
  /** The Commander's turn after the commit ended, by itself or by the person. */
  report_given: { session: string };
  commander_idle: Record<never, never>;
  /** The Commander was stopped because it repeated itself: no person did that. */
  commander_stuck: Record<never, never>;
  /** The Commander's model request was given up; `jitter` in [0, 1) spreads the wait. */
  commander_request_failed: { session: string; failure: string; retryable: boolean; detail: string; jitter: number };
  /** The wait before take-up number `takeUp` is over. */
  commander_resumed: { session: string; takeUp: number };
  /** The Commander's answer was cut because it had no end. */
  commander_ran_away: { session: string; kind: string };
  /** It was told, within its turn, that an answer of its was cut. */
  commander_told: { session: string };
  person_aborted: { session: string };
  /** The Commander's session is gone, and the person wrote to a Commander in another one: it takes the swarm over. */
  adopt_swarm: { session: string };
  /** A person at the command line lets a stopped swarm go on. Says nothing about an open question. */
  resume_swarm: Record<never, never>;
  abort_swarm: { by: "person" | "superseded" | "command-line"; reason: string };
  override_gate: { gate: Gate; reason: string };
}

type Tagged = { [K in keyof Commands]: { type: K; at: number } & Commands[K] };

/** Everything one can ask of the swarm. The time comes in with it (ms since the epoch). */
export type SwarmCommand = Tagged[keyof Commands];
export type CommandOf<T extends keyof Commands> = Tagged[T];
