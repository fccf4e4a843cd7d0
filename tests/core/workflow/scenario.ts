import { expect } from "vitest";
import type { SwarmCommand, WorkerRequest } from "../../../src/core/workflow/commands.ts";
import { decide } from "../../../src/core/workflow/decide.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { evolve, fold } from "../../../src/core/workflow/evolve.ts";
import type { Settings } from "../../../src/core/workflow/model.ts";
import type { Swarm, SwarmState } from "../../../src/core/workflow/state.ts";

type Timeless<T> = T extends { at: number } ? Omit<T, "at"> : never;
export type Told = Timeless<SwarmCommand>;
type Happened = Timeless<SwarmEvent>;

export const SETTINGS: Settings = {
  maxWorkers: 3,
  maxRetries: 2,
  maxContinuations: 3,
  designOptional: false,
  skipPhrases: ["skip the design", "just do it", "바로 진행"],
};

export const begin = (settings: Partial<Settings> = {}): Told => ({
  type: "begin_swarm",
  id: "s-1",
  session: "commander",
  settings: { ...SETTINGS, ...settings },
  head: "h0",
  dirty: [],
  language: "en",
});

export const says = (text: string, via: "message" | "question" = "message"): Told => ({
  type: "person_spoke",
  text,
  autopilot: false,
  via,
});

export const propose: Told = {
  type: "propose_design",
  summary: "A shop",
  features: [{ name: "cart", description: "holds items" }],
  qaStrategy: "worker-unit+commander-integration",
};

export const approve = (revision = 1): Told => ({ type: "approve_design", revision });

export const row = (check: string, passed: boolean) => ({
  check,
  kind: "test" as const,
  command: `npm run ${check}`,
  passed,
  detail: passed ? "ok" : "1 failed",
  durationMs: 1,
  flaky: false,
  output: "",
});

export const foundation: Told = {
  type: "complete_foundation",
  summary: "types",
  commit: "c0",
  tree: "t0",
  paths: [],
  qa: [],
};

export const part = (name: string, more: Partial<WorkerRequest> = {}): WorkerRequest => ({
  name,
  feature: name,
  fileScope: [`src/${name}/**`],
  spec: `build ${name}`,
  ...more,
});

export const dispatch = (...workers: WorkerRequest[]): Told => ({ type: "dispatch_workers", workers });
export const started = (worker: string, session = `session-${worker}`): Told => ({
  type: "worker_started",
  worker,
  session,
});
export const idle = (worker: string): Told => ({ type: "worker_idle", worker, lastWords: "hm" });
export const ran = (worker: string, exit = 0, fingerprint = "f1", command = "npm test"): Told => ({
  type: "worker_qa_ran",
  worker,
  command,
  exit,
  fingerprint,
});
export const report = (
  worker: string,
  more: Partial<Extract<Told, { type: "report_result" }>> = {},
): Extract<Told, { type: "report_result" }> => ({
  type: "report_result",
  worker,
  status: "completed",
  summary: "done",
  qa: [{ command: "npm test", passed: true }],
  fingerprint: "f1",
  shellOffered: true,
  ...more,
});
export const requestFails = (
  worker: string,
  failure = "overload",
  more: Partial<Extract<Told, { type: "worker_request_failed" }>> = {},
): Told => ({
  type: "worker_request_failed",
  worker,
  failure,
  retryable: failure !== "auth" && failure !== "stalled",
  detail: `scripted ${failure}`,
  jitter: 1,
  lastWords: "I was about to",
  ...more,
});
export const takenUp = (worker: string, takeUp: number): Told => ({ type: "worker_resumed", worker, takeUp });
export const runsAway = (worker: string): Told => ({
  type: "worker_ran_away",
  worker,
  kind: "closingTags",
  lastWords: "",
});
export const commanderFails = (
  failure = "overload",
  more: Partial<Extract<Told, { type: "commander_request_failed" }>> = {},
): Told => ({
  type: "commander_request_failed",
  session: "commander",
  failure,
  retryable: failure !== "auth" && failure !== "stalled",
  detail: "scripted",
  jitter: 1,
  ...more,
});
export const commanderTakenUp = (takeUp: number): Told => ({ type: "commander_resumed", session: "commander", takeUp });
export const commanderCut: Told = { type: "commander_ran_away", session: "commander", kind: "repeatedLine" };
export const retry = (worker: string): Told => ({ type: "retry_worker", worker, instructions: "mend it" });
export const cancel = (worker: string): Told => ({ type: "cancel_worker", worker, reason: "not needed", reverted: [] });
export const read = (worker: string): Told => ({ type: "read_worker", worker });
export const check: Told = { type: "check_conflicts", tree: "t1", rows: [] };
export const qa = (more: Partial<Extract<Told, { type: "qa_ran" }>> = {}): Told => ({
  type: "qa_ran",
  tree: "t1",
  rows: [row("test", true)],
  required: ["test"],
  stable: true,
  changedByQa: [],
  sandboxed: true,
  ...more,
});
export const commit = (tree = "t1"): Told => ({
  type: "commit_landed",
  commit: "c1",
  tree,
  message: "feat: cart",
  paths: [],
});
export const turnEnds: Told = { type: "commander_idle" };
export const stops: Told = { type: "person_aborted", session: "commander" };
export const abort: Told = { type: "abort_swarm", by: "person", reason: "enough" };
export const override = (gate: Extract<Told, { type: "override_gate" }>["gate"], reason = "I know"): Told => ({
  type: "override_gate",
  gate,
  reason,
});

export const inFoundation: Told[] = [begin(), propose, says("yes"), approve()];
export const inDispatch: Told[] = [...inFoundation, foundation];
/** w01 and w02 run. */
export const inMonitoring: Told[] = [
  ...inDispatch,
  dispatch(part("cart"), part("user")),
  started("w01"),
  started("w02"),
];
/** w01 and w02 completed. */
export const workersEnded: Told[] = [...inMonitoring, ran("w01"), report("w01"), ran("w02"), report("w02")];
export const inIntegrate: Told[] = [...workersEnded, check];
export const inFinalQa: Told[] = [...inIntegrate, read("w01"), read("w02"), qa()];

const AT = 1_000;
export const timed = (told: Told): SwarmCommand => ({ ...told, at: AT }) as SwarmCommand;

/** Lives the commands, every one of which has to be accepted, and gives the state they lead to. */
export function live(commands: readonly Told[]): SwarmState {
  let state: SwarmState;
  for (const told of commands) {
    const decision = decide(timed(told), state);
    if (!decision.ok)
      throw new Error(`given ${told.type}: refused ${decision.refusal.code}: ${decision.refusal.happened}`);
    state = fold(decision.events, state);
  }
  return state;
}

export function alive(commands: readonly Told[]): Swarm {
  const state = live(commands);
  if (!state) throw new Error("no swarm was begun");
  return state;
}

export const statuses = (commands: readonly Told[]) => alive(commands).workers.map((worker) => worker.status);

/** given(commands that led here).when(command).gives(events) or .refused(code, words of the next step). */
export function given(...commands: readonly Told[]) {
  const before = live(commands);
  return {
    when(told: Told) {
      const decision = decide(timed(told), before);
      return {
        gives(...expected: readonly (Happened["type"] | Partial<Happened>)[]): void {
          if (!decision.ok) throw new Error(`refused ${decision.refusal.code}: ${decision.refusal.happened}`);
          const wanted = expected.map((each) =>
            expect.objectContaining(typeof each === "string" ? { type: each } : each),
          );
          expect(decision.events).toEqual(wanted);
        },
        refused(code: string, next?: RegExp): void {
          expect(decision.ok ? decision.events : decision.refusal.code).toEqual(code);
          if (!decision.ok && next) expect(decision.refusal.next).toMatch(next);
          if (!decision.ok) expect(decision.refusal.next.length).toBeGreaterThan(5);
        },
        leadsTo(): Swarm {
          if (!decision.ok) throw new Error(`refused ${decision.refusal.code}: ${decision.refusal.happened}`);
          const state = decision.events.reduce(evolve, before);
          if (!state) throw new Error("no swarm");
          return state;
        },
      };
    },
  };
}
