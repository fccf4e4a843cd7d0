import type { QaRow } from "../qa/qaCheck.ts";
import type {
  Assignment,
  ChangeRow,
  Gate,
  Isolation,
  Language,
  Proposal,
  QaStrategy,
  Settings,
  Tokens,
  Unmerged,
} from "./model.ts";
import type { StopCause } from "./stopCause.ts";

export type Phase = "design" | "foundation" | "dispatch" | "monitoring" | "integrate" | "final-qa" | "done" | "aborted";

export const PHASES: readonly Phase[] = [
  "design",
  "foundation",
  "dispatch",
  "monitoring",
  "integrate",
  "final-qa",
  "done",
];

export type Design =
  | { status: "none"; lastRevision: number }
  | { status: "open"; proposal: Proposal; lastRevision: number; answer: "none" | "unclear" }
  | { status: "agreed"; proposal: Proposal; lastRevision: number; qaStrategy: QaStrategy; by: "person" | "autopilot" }
  | { status: "rejected"; proposal: Proposal; lastRevision: number }
  | { status: "approved"; proposal: Proposal; lastRevision: number; qaStrategy: QaStrategy; by: "person" | "autopilot" }
  | { status: "skipped"; lastRevision: number; reason: string; by: "person" | "configuration"; workersAllowed: number };

/** A Worker's own tree, where the swarm gives each one. */
export interface WorkerTree {
  /** Relative to the project's root. */
  dir: string;
  branch: string;
  /** The commit the present attempt starts from. */
  start: string;
  /** Files with a merge conflict that the present attempt has to resolve. */
  carries: readonly string[];
  /** The newest commit of its work on its branch. */
  saved?: string;
  closed?: { kept?: string; why?: string };
}

interface WorkerBase {
  assignment: Assignment;
  attempt: number;
  retries: number;
  nudges: number;
  /** Failed model requests after which it was taken up, stalls apart. */
  takeUps: number;
  /** Stalled model requests after which it was taken up, in this session. */
  stalls: number;
  /** Answers that were cut because they had no end, in this session. */
  runaways: number;
  /** Fresh sessions it was given in this attempt of the Commander's. */
  renewals: number;
  /** What a cut answer repeated, until the Worker is told. */
  untold?: string;
  /** Why nothing comes from it at the moment; only while it runs. */
  trouble?:
    | { kind: "stalled"; since: number }
    | { kind: "waiting"; since: number; failure: string; takeUp: number; waitMs: number };
  /** What is known of the session before this one. */
  handover?: string;
  /** Paths its edit tools and sandboxed shell wrote. */
  wrote: readonly string[];
  /** Out-of-scope attempts that reached the disk and were taken back. */
  strayed: readonly string[];
  /** Successful bash calls by command, with the fingerprint of its scope at that time. */
  qaRuns: Readonly<Record<string, string>>;
  instructions?: string;
  worktree?: WorkerTree;
  /** Cancelled, and its changes are not to be merged. */
  discarded?: true;
}

export interface WorkerReport {
  status: "completed" | "failed" | "blocked";
  summary: string;
  qa: readonly { command: string; passed: boolean }[];
  qaVerified: boolean;
  notes?: string;
}

interface Ran {
  session: string;
  startedAt: number;
  endedAt: number;
  tokens?: Tokens;
}

export type Worker = WorkerBase &
  (
    | { status: "queued" }
    | { status: "exploring" | "implementing" | "self-qa"; session: string; startedAt: number }
    | ({ status: "completed" | "blocked"; report: WorkerReport } & Ran)
    | ({ status: "failed"; reason: string; report?: WorkerReport } & Partial<Ran>)
    | ({ status: "cancelled"; reason: string; reverted: readonly string[] } & Partial<Ran>)
  );

export type WorkerStatus = Worker["status"];

export interface CommanderTrouble {
  /** Failed requests after which it was, or will be, taken up. */
  takeUps: number;
  /** Answers that were cut because they had no end. */
  cuts: number;
  /** What the last cut answer did, until the Commander is told. */
  untold?: string;
  /** The take-up it waits for. */
  waiting?: { since: number; failure: string; takeUp: number; waitMs: number };
}

/** What waits for a person. While it is open nothing is continued. */
export type OpenQuestion =
  | { kind: "design"; revision: number }
  | { kind: "qa-change"; fingerprint: string; paths: readonly string[] }
  | { kind: "unsandboxed-qa" };

export interface Evidence {
  rows: readonly QaRow[];
  required: readonly string[];
  stable: boolean;
  changedByQa: readonly string[];
  sandboxed: boolean;
}

export interface Swarm {
  id: string;
  session: string;
  settings: Settings;
  startedAt: number;
  head: string;
  dirty: readonly string[];
  language: Language;
  phase: Phase;
  phaseSince: Readonly<Partial<Record<Phase, number>>>;
  skipAsked: boolean;
  autopilot: boolean;
  design: Design;
  baseline?: { commit: string; tree: string; paths: readonly string[]; qa: readonly QaRow[] };
  foundationSummary?: string;
  commanderWrote: readonly string[];
  workers: readonly Worker[];
  /** Ended Workers whose diff the Commander has read since they ended. */
  read: readonly string[];
  conflicts?: { tree: string; rows: readonly ChangeRow[]; clean: boolean; unmerged?: readonly Unmerged[] };
  /** With worktrees: the newest commit that holds the project's files and the merged Workers' commits. */
  integrated?: string;
  evidence: Readonly<Record<string, Evidence>>;
  lastQaTree?: string;
  acceptedQaChanges: readonly string[];
  refusedQaChanges: readonly string[];
  unsandboxedQa: "not-asked" | "accepted" | "refused";
  question?: OpenQuestion;
  overrides: readonly { gate: Gate; reason: string }[];
  /** Unprompted continuations since the last progress. */
  continuations: number;
  exhausted: boolean;
  /** Why it is exhausted, where the model is the reason. */
  stopped?: StopCause;
  /** What went wrong between the Commander and the model since the last progress. */
  commanderTrouble?: CommanderTrouble;
  /** The person stopped the Commander; nothing goes on by itself until they speak again. */
  paused: boolean;
  commit?: { commit: string; tree: string; message: string; paths: readonly string[] };
  /** The person has not had the report of the commit yet; `asked`: how often it was asked for after a restart. */
  report?: { asked: number };
  abort?: { by: string; reason: string };
  endedAt?: number;
}

/** `undefined` before the first event. */
export type SwarmState = Swarm | undefined;

export const initialState: SwarmState = undefined;

export type RunningWorker = Extract<Worker, { startedAt: number; status: "exploring" | "implementing" | "self-qa" }>;

export function isRunning(worker: Worker): worker is RunningWorker {
  return worker.status === "exploring" || worker.status === "implementing" || worker.status === "self-qa";
}

/** Queued or running: its scope is taken. */
export function isLive(worker: Worker): boolean {
  return worker.status === "queued" || isRunning(worker);
}

export function isOver(swarm: Swarm): boolean {
  return swarm.phase === "done" || swarm.phase === "aborted";
}

export function isolationOf(swarm: Swarm): Isolation {
  return swarm.settings.isolation ?? "shared";
}

/**
 * Workers whose saved work belongs into the project, in the order of dispatch. One that was to resolve a conflict counts
 * once it completed: before that its files may still hold the conflict's marks.
 */
export function mergeable(swarm: Swarm): { worker: Worker; commit: string }[] {
  return swarm.workers.flatMap((worker) => {
    const { worktree, discarded, status } = worker;
    if (!worktree?.saved || discarded || isLive(worker)) return [];
    const resolves = worktree.carries.length > 0;
    if (resolves ? status !== "completed" : worktree.saved === worktree.start) return [];
    return [{ worker, commit: worktree.saved }];
  });
}

/** Workers whose work the last check could not merge, without those that were cancelled since. */
export function unmergedWork(swarm: Swarm): readonly Unmerged[] {
  return (swarm.conflicts?.unmerged ?? []).filter(({ worker }) => findWorker(swarm, worker)?.status !== "cancelled");
}

/** Approved by a person, or rightly skipped. */
export function designSettled(swarm: Swarm): boolean {
  return (
    swarm.design.status === "approved" ||
    swarm.design.status === "skipped" ||
    swarm.overrides.some((override) => override.gate === "design")
  );
}

export function qaStrategyOf(swarm: Swarm): QaStrategy {
  return swarm.design.status === "approved" ? swarm.design.qaStrategy : "worker-unit+commander-integration";
}

export function evidenceOf(swarm: Swarm, tree: string): Evidence | undefined {
  return Object.hasOwn(swarm.evidence, tree) ? swarm.evidence[tree] : undefined;
}

/** Whether QA on `tree` passed in full. */
export function evidenceCovers(swarm: Swarm, tree: string): boolean {
  const evidence = evidenceOf(swarm, tree);
  if (!evidence?.stable || evidence.required.length === 0) return false;
  return evidence.required.every((check) => evidence.rows.some((row) => row.check === check && row.passed));
}

export function findWorker(swarm: Swarm, idOrName: string): Worker | undefined {
  return (
    swarm.workers.find((worker) => worker.assignment.id === idOrName) ??
    swarm.workers.find((worker) => worker.assignment.name === idOrName)
  );
}

export function workerOfSession(swarm: Swarm, session: string): Worker | undefined {
  return swarm.workers.find((worker) => "session" in worker && worker.session === session);
}

/** Ids of ended Workers that may have written something nobody has looked at, failed and cancelled ones included. */
export function unreadWorkers(swarm: Swarm): string[] {
  return swarm.workers
    .filter((worker) => !isLive(worker) && "session" in worker && worker.session !== undefined)
    .map((worker) => worker.assignment.id)
    .filter((id) => !swarm.read.includes(id));
}
