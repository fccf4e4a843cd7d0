/**
 * The library: what can be used without OpenCode. Everything here is pure or reads only what it is handed.
 *
 * - scopes: exact comparison of the globs that Workers own
 * - workflow: the one decider of a swarm, its events and their fold
 * - configuration: the schema of aegis.jsonc and the layered reader
 */

export type { Problem } from "./config/problem.ts";
export { renderProblem } from "./config/problem.ts";
export type { ReadConfigInput, ReadConfigResult } from "./config/read.ts";
export { readConfig } from "./config/read.ts";
export type { Config } from "./config/schema.ts";
export { configSchema } from "./config/schema.ts";
export type { QaRow } from "./core/qa/qaCheck.ts";
export type { ScopeCheck, ScopeCheckOverlap, ScopeProblem } from "./core/scope/check.ts";
export { checkScopes } from "./core/scope/check.ts";
export type { ContainsOptions } from "./core/scope/contains.ts";
export { contains } from "./core/scope/contains.ts";
export type { Overlap, ScopeOverlap } from "./core/scope/overlap.ts";
export { overlap, scopesOverlap } from "./core/scope/overlap.ts";
export type { SwarmCommand, WorkerRequest } from "./core/workflow/commands.ts";
export type { LiveView, WorkerRow } from "./core/workflow/dashboard.ts";
export { renderDashboard, renderFinalReport, workerRows } from "./core/workflow/dashboard.ts";
export type { Decision } from "./core/workflow/decide/decision.ts";
export { decide } from "./core/workflow/decide.ts";
export type { EventOf, SwarmEvent } from "./core/workflow/events.ts";
export { swarmEventSchema } from "./core/workflow/events.ts";
export { evolve, fold } from "./core/workflow/evolve.ts";
export type { Assignment, ChangeRow, Gate, Proposal, QaStrategy, Settings, Tokens } from "./core/workflow/model.ts";
export type { Effect } from "./core/workflow/react.ts";
export { owed, react } from "./core/workflow/react.ts";
export type { Refusal } from "./core/workflow/refusal.ts";
export { renderRefusal } from "./core/workflow/refusal.ts";
export type {
  Design,
  Evidence,
  OpenQuestion,
  Phase,
  Swarm,
  SwarmState,
  Worker,
  WorkerReport,
  WorkerStatus,
} from "./core/workflow/state.ts";
export { initialState, PHASES } from "./core/workflow/state.ts";
