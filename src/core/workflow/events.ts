import { z } from "zod";
import { qaRow } from "../qa/qaCheck.ts";
import {
  assignmentSchema,
  changeRowSchema,
  gateSchema,
  proposalSchema,
  qaStrategySchema,
  reportedQaSchema,
  settingsSchema,
  tokensSchema,
  unmergedSchema,
} from "./model.ts";
import { stopCauseSchema } from "./stopCause.ts";

/** Milliseconds since the epoch, taken from the command that caused the event. */
const at = z.number();
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), at, ...shape });

/** Everything that can ever happen to a swarm: the lines of its log. */
export const swarmEventSchema = z.discriminatedUnion("type", [
  event("swarm_started", {
    id: z.string(),
    session: z.string(),
    settings: settingsSchema,
    /** HEAD when the swarm began, "" on an unborn branch. */
    head: z.string(),
    /** Paths the person had changed before; never written, never committed. */
    dirty: z.array(z.string()),
    language: z.enum(["en", "ko"]),
  }),
  event("person_spoke", {
    excerpt: z.string(),
    skipAsked: z.boolean(),
    autopilot: z.boolean(),
    language: z.enum(["en", "ko"]),
  }),
  event("autopilot_cancelled", {}),
  event("design_proposed", { proposal: proposalSchema }),
  event("design_answered", {
    revision: z.number(),
    verdict: z.enum(["yes", "no", "unclear"]),
    qaStrategy: qaStrategySchema.optional(),
    said: z.string(),
  }),
  event("design_approved", { revision: z.number(), by: z.enum(["person", "autopilot"]), qaStrategy: qaStrategySchema }),
  event("design_skipped", { reason: z.string(), by: z.enum(["person", "configuration"]), workersAllowed: z.number() }),
  event("foundation_completed", {
    summary: z.string(),
    commit: z.string(),
    tree: z.string(),
    qa: z.array(qaRow),
    /** Paths the foundation wrote, against HEAD, without the person's dirty files. */
    paths: z.array(z.string()),
  }),
  event("commander_wrote", { paths: z.array(z.string()) }),
  event("workers_dispatched", { workers: z.array(assignmentSchema) }),
  event("worker_started", { worker: z.string(), session: z.string(), attempt: z.number() }),
  event("worker_resumed", { worker: z.string(), after: z.enum(["restart", "failure"]).optional() }),
  event("worker_advanced", { worker: z.string(), stage: z.enum(["exploring", "implementing", "self-qa"]) }),
  event("worker_wrote", { worker: z.string(), paths: z.array(z.string()) }),
  event("worker_qa_ran", { worker: z.string(), command: z.string(), exit: z.number(), fingerprint: z.string() }),
  event("worker_strayed", { worker: z.string(), paths: z.array(z.string()), how: z.string() }),
  /** `runaway`: what its cut answer repeated, where that is why. */
  event("worker_nudged", { worker: z.string(), why: z.string(), runaway: z.string().optional() }),
  /** Its model request failed for good; it is taken up again after `waitMs`. */
  event("worker_interrupted", {
    worker: z.string(),
    failure: z.string(),
    detail: z.string(),
    takeUp: z.number().int(),
    waitMs: z.number(),
  }),
  event("worker_stalled", { worker: z.string(), waitedMs: z.number() }),
  event("worker_moving", { worker: z.string() }),
  event("worker_ran_away", { worker: z.string(), kind: z.string() }),
  event("worker_told", { worker: z.string() }),
  /** It gets a fresh session on the same part, with what is known of the old one. */
  event("worker_renewed", { worker: z.string(), attempt: z.number().int(), why: z.string(), handover: z.string() }),
  event("worker_reported", {
    worker: z.string(),
    status: z.enum(["completed", "failed", "blocked"]),
    summary: z.string(),
    qa: z.array(reportedQaSchema),
    qaVerified: z.boolean(),
    notes: z.string().optional(),
    tokens: tokensSchema.optional(),
  }),
  event("worker_failed", { worker: z.string(), reason: z.string(), tokens: tokensSchema.optional() }),
  event("worker_cancelled", {
    worker: z.string(),
    reason: z.string(),
    reverted: z.array(z.string()),
    /** Its changes are not wanted: they stay on its branch. Only with a worktree of its own. */
    discarded: z.boolean().optional(),
  }),
  event("worker_retried", { worker: z.string(), instructions: z.string(), attempt: z.number() }),
  event("worker_read", { worker: z.string() }),
  event("worktree_opened", {
    worker: z.string(),
    /** Relative to the project's root. */
    dir: z.string(),
    branch: z.string(),
    /** The commit the attempt starts from. */
    start: z.string(),
    /** Files that hold a merge conflict for this attempt to resolve. */
    carries: z.array(z.string()),
  }),
  event("worker_saved", { worker: z.string(), commit: z.string() }),
  event("worktree_closed", {
    worker: z.string(),
    /** What still holds work that is in no commit of the project's: a branch, or the directory. */
    kept: z.string().optional(),
    why: z.string().optional(),
  }),
  event("conflicts_checked", {
    tree: z.string(),
    rows: z.array(changeRowSchema),
    clean: z.boolean(),
    /** With worktrees: the commit that holds the project's files and every merged Worker's commits. */
    integrated: z.string().optional(),
    unmerged: z.array(unmergedSchema).optional(),
  }),
  event("qa_ran", {
    /** The tree that was tested: exactly what a commit would hold. */
    tree: z.string(),
    rows: z.array(qaRow),
    required: z.array(z.string()),
    stable: z.boolean(),
    changedByQa: z.array(z.string()),
    sandboxed: z.boolean(),
  }),
  event("qa_change_seen", { fingerprint: z.string(), paths: z.array(z.string()) }),
  event("qa_change_answered", { fingerprint: z.string(), accepted: z.boolean() }),
  event("unsandboxed_qa_asked", {}),
  event("unsandboxed_qa_answered", { accepted: z.boolean() }),
  /** `report`: the person has still to be told; older logs do not say. */
  event("committed", {
    commit: z.string(),
    tree: z.string(),
    message: z.string(),
    paths: z.array(z.string()),
    report: z.literal("owed").optional(),
  }),
  /** The process ended between commit and report; the Commander is woken to give it. */
  event("report_asked", {}),
  /** The turn after the commit ended: the person has the report, or stopped it. */
  event("report_given", {}),
  /** `why`: what went wrong with the model, where that is the reason. */
  event("continued", { missing: z.string(), why: z.string().optional() }),
  /** It is not sent on any more; `cause` where it is the model that went wrong, without it there was no progress. */
  event("continuation_exhausted", { cause: stopCauseSchema.optional() }),
  /** The Commander's model request failed for good; it is taken up again after `waitMs`. */
  event("commander_interrupted", {
    failure: z.string(),
    detail: z.string(),
    takeUp: z.number().int(),
    waitMs: z.number(),
  }),
  event("commander_ran_away", { kind: z.string() }),
  event("commander_told", {}),
  event("gate_overridden", { gate: gateSchema, reason: z.string() }),
  event("person_aborted", { session: z.string() }),
  /** The session `was` is gone; the Commander goes on in `session`. */
  event("commander_replaced", { session: z.string(), was: z.string() }),
  event("swarm_resumed", {}),
  event("swarm_aborted", { by: z.enum(["person", "superseded", "command-line"]), reason: z.string() }),
]);

export type SwarmEvent = z.infer<typeof swarmEventSchema>;
export type EventOf<T extends SwarmEvent["type"]> = Extract<SwarmEvent, { type: T }>;
