import { troubled, unstopped } from "./commanderTrouble.ts";
import type { EventOf, SwarmEvent } from "./events.ts";
import { NEW_WORKER, union, type WorkerEvent, workerAfter } from "./evolveWorker.ts";
import type { Phase, Swarm, SwarmState, Worker } from "./state.ts";
import { evidenceOf } from "./state.ts";

/** Folds one event into the state. Total: an event that does not fit the state leaves it as it is. */
export function evolve(state: SwarmState, event: SwarmEvent): SwarmState {
  if (event.type === "swarm_started") return started(event);
  if (!state) return state;
  return settleProgress(state, applied(state, event), event);
}

export function fold(events: readonly SwarmEvent[], from: SwarmState = undefined): SwarmState {
  return events.reduce(evolve, from);
}

function started(event: EventOf<"swarm_started">): Swarm {
  return {
    id: event.id,
    session: event.session,
    settings: event.settings,
    startedAt: event.at,
    head: event.head,
    dirty: event.dirty,
    language: event.language,
    phase: "design",
    phaseSince: { design: event.at },
    skipAsked: false,
    autopilot: false,
    design: { status: "none", lastRevision: 0 },
    commanderWrote: [],
    workers: [],
    read: [],
    evidence: {},
    acceptedQaChanges: [],
    refusedQaChanges: [],
    unsandboxedQa: "not-asked",
    overrides: [],
    continuations: 0,
    exhausted: false,
    paused: false,
  };
}

function applied(state: Swarm, event: SwarmEvent): Swarm {
  switch (event.type) {
    case "swarm_started":
      return state;
    case "person_spoke":
      return {
        ...unstopped(state),
        language: event.language,
        skipAsked: state.skipAsked || event.skipAsked,
        autopilot: state.autopilot || event.autopilot,
        paused: false,
        continuations: 0,
        exhausted: false,
      };
    case "autopilot_cancelled":
      return { ...state, autopilot: false };
    case "design_proposed":
      return {
        ...state,
        design: { status: "open", proposal: event.proposal, lastRevision: event.proposal.revision, answer: "none" },
        question: { kind: "design", revision: event.proposal.revision },
      };
    case "design_answered":
      return answered(state, event);
    case "design_approved": {
      if (state.design.status !== "open" && state.design.status !== "agreed") return state;
      const { proposal, lastRevision } = state.design;
      const design = {
        status: "approved",
        proposal,
        lastRevision,
        qaStrategy: event.qaStrategy,
        by: event.by,
      } as const;
      return leaveDesign(withoutQuestion({ ...state, design }, "design"), event.at);
    }
    case "design_skipped": {
      const { reason, by, workersAllowed } = event;
      const design = {
        status: "skipped",
        lastRevision: state.design.lastRevision,
        reason,
        by,
        workersAllowed,
      } as const;
      return leaveDesign(withoutQuestion({ ...state, design }, "design"), event.at);
    }
    case "foundation_completed": {
      const baseline = { commit: event.commit, tree: event.tree, paths: event.paths, qa: event.qa };
      return enter({ ...state, baseline, foundationSummary: event.summary }, "dispatch", event.at);
    }
    case "commander_wrote":
      return { ...state, commanderWrote: union(state.commanderWrote, event.paths) };
    case "workers_dispatched": {
      const added = event.workers.map((assignment): Worker => ({ ...NEW_WORKER, assignment, status: "queued" }));
      const { conflicts: _outdated, ...rest } = state;
      return enter({ ...rest, workers: [...state.workers, ...added] }, "monitoring", event.at);
    }
    case "conflicts_checked": {
      const { tree, rows, clean, unmerged, integrated } = event;
      const conflicts = { tree, rows, clean, ...(unmerged ? { unmerged } : {}) };
      return enter(
        { ...state, conflicts, ...(integrated ? { integrated } : {}) },
        state.phase === "final-qa" ? "final-qa" : "integrate",
        event.at,
      );
    }
    case "qa_ran":
      return qaRan(state, event);
    case "qa_change_seen":
      return { ...state, question: { kind: "qa-change", fingerprint: event.fingerprint, paths: event.paths } };
    case "qa_change_answered": {
      const key = event.accepted ? "acceptedQaChanges" : "refusedQaChanges";
      return withoutQuestion({ ...state, [key]: union(state[key], [event.fingerprint]) }, "qa-change");
    }
    case "unsandboxed_qa_asked":
      return { ...state, question: { kind: "unsandboxed-qa" } };
    case "unsandboxed_qa_answered":
      return withoutQuestion({ ...state, unsandboxedQa: event.accepted ? "accepted" : "refused" }, "unsandboxed-qa");
    case "committed": {
      const { commit, tree, message, paths } = event;
      const owed = event.report === undefined ? {} : { report: { asked: 0 } };
      return enter(
        { ...state, commit: { commit, tree, message, paths }, endedAt: event.at, ...owed },
        "done",
        event.at,
      );
    }
    case "report_asked":
      return state.report ? { ...state, report: { asked: state.report.asked + 1 } } : state;
    case "report_given": {
      const { report: _given, ...rest } = state;
      return rest;
    }
    case "continued":
      // A turn that the model spoilt is no turn without progress.
      return event.why === undefined
        ? { ...state, continuations: state.continuations + 1 }
        : troubled(state, { untold: undefined, waiting: undefined });
    case "continuation_exhausted":
      return {
        ...troubled(state, { untold: undefined }),
        exhausted: true,
        ...(event.cause ? { stopped: event.cause } : {}),
      };
    case "commander_interrupted": {
      const { failure, takeUp, waitMs } = event;
      return troubled(state, { takeUps: takeUp, waiting: { since: event.at, failure, takeUp, waitMs } });
    }
    case "commander_ran_away":
      return troubled(state, { cuts: (state.commanderTrouble?.cuts ?? 0) + 1, untold: event.kind });
    case "commander_told":
      return troubled(state, { untold: undefined });
    case "gate_overridden": {
      const after = { ...state, overrides: [...state.overrides, { gate: event.gate, reason: event.reason }] };
      return event.gate === "design" ? leaveDesign(withoutQuestion(after, "design"), event.at) : after;
    }
    case "swarm_resumed":
      return { ...unstopped(state), paused: false, continuations: 0, exhausted: false };
    case "person_aborted":
      return { ...unstopped(state), paused: true };
    case "commander_replaced":
      return { ...state, session: event.session };
    case "swarm_aborted":
      return enter(
        { ...dropQuestion(state), abort: { by: event.by, reason: event.reason }, endedAt: event.at },
        "aborted",
        event.at,
      );
    case "worker_read":
      return { ...state, read: union(state.read, [event.worker]) };
    default:
      return workerEvent(state, event);
  }
}

function workerEvent(state: Swarm, event: WorkerEvent): Swarm {
  const target = state.workers.find((worker) => worker.assignment.id === event.worker);
  if (!target) return state;
  const next = workerAfter(target, event);
  const workers = state.workers.map((worker) => (worker === target ? next : worker));
  const reopened = event.type === "worker_retried" ? { read: state.read.filter((id) => id !== event.worker) } : {};
  const after = { ...state, workers, ...reopened };
  if (event.type !== "worker_retried") return after;
  // What was checked before it writes again says nothing about what it will have written.
  const { conflicts: _outdated, ...rest } = after;
  return enter(rest, "monitoring", event.at);
}

function answered(state: Swarm, event: EventOf<"design_answered">): Swarm {
  if (state.design.status !== "open" || state.design.proposal.revision !== event.revision) return state;
  const { proposal, lastRevision } = state.design;
  if (event.verdict === "unclear") return { ...state, design: { ...state.design, answer: "unclear" } };
  const closed = withoutQuestion(state, "design");
  if (event.verdict === "no") return { ...closed, design: { status: "rejected", proposal, lastRevision } };
  const qaStrategy = event.qaStrategy ?? proposal.qaStrategy;
  return { ...closed, design: { status: "agreed", proposal, lastRevision, qaStrategy, by: "person" } };
}

function qaRan(state: Swarm, event: EventOf<"qa_ran">): Swarm {
  const before = evidenceOf(state, event.tree);
  // Rows of a run that changed files under itself prove nothing about this tree.
  const earlier = before?.stable ? before.rows : [];
  const kept = earlier.filter((row) => !event.rows.some((fresh) => fresh.check === row.check));
  const evidence = {
    rows: [...kept, ...event.rows],
    required: event.required,
    stable: event.stable,
    changedByQa: event.changedByQa,
    sandboxed: event.sandboxed && (kept.length === 0 || before?.sandboxed === true),
  };
  const after = { ...state, evidence: { ...state.evidence, [event.tree]: evidence }, lastQaTree: event.tree };
  const passed =
    evidence.stable &&
    evidence.required.length > 0 &&
    evidence.required.every((check) => evidence.rows.some((row) => row.check === check && row.passed));
  return passed && state.phase === "integrate" ? enter(after, "final-qa", event.at) : after;
}

function enter(state: Swarm, phase: Phase, at: number): Swarm {
  if (state.phase === phase) return state;
  return { ...state, phase, phaseSince: { ...state.phaseSince, [phase]: at } };
}

/** A design settled late, after the person overrode its gate, takes no phase back. */
function leaveDesign(state: Swarm, at: number): Swarm {
  return state.phase === "design" ? enter(state, "foundation", at) : state;
}

function dropQuestion(state: Swarm): Swarm {
  const { question: _closed, ...rest } = state;
  return rest;
}

function withoutQuestion(state: Swarm, kind: NonNullable<Swarm["question"]>["kind"]): Swarm {
  return state.question?.kind === kind ? dropQuestion(state) : state;
}

/** Events after which unprompted continuations count anew: the work moved, or the person spoke. */
function settleProgress(before: Swarm, after: Swarm, event: SwarmEvent): Swarm {
  const moved =
    before.phase !== after.phase ||
    event.type === "design_proposed" ||
    event.type === "worker_reported" ||
    event.type === "worker_failed" ||
    event.type === "worker_cancelled" ||
    (event.type === "worker_read" && !before.read.includes(event.worker));
  return moved ? { ...unstopped(after), continuations: 0, exhausted: false } : after;
}
