/**
 * The library: what can be used without OpenCode. Everything here is pure or reads only what it is handed, but for
 * `askPolicy` and `updateClaudeLimits`, which read (and write) the user's routing state, and the executors.
 *
 * - scopes: exact comparison of the globs that Workers own
 * - workflow: the one decider of a swarm, its events and their fold
 * - configuration: the schema of aegis.jsonc and the layered reader
 * - executors: tasks by their dependencies and files, and the providers' own command lines
 * - context: what the work in a project stands at, for whoever goes on with it, in two places at once
 * - tracking: the last events, and requests by minute, hour and day with what they took and cost
 * - routing: the policy that picks provider and model, and a balancer; nothing leads outside unless that is allowed
 */

export { updateClaudeLimits } from "./adapters/routing/updateClaudeLimits.ts";
export type { Problem } from "./config/problem.ts";
export { renderProblem } from "./config/problem.ts";
export type { ReadConfigInput, ReadConfigResult } from "./config/read.ts";
export { readConfig } from "./config/read.ts";
export type { Config } from "./config/schema.ts";
export { configSchema } from "./config/schema.ts";
export type { HandoffTool } from "./core/context/handoffTool.ts";
export type { MarkdownOptions } from "./core/context/markdown.ts";
export type { TaskContext } from "./core/context/taskContext.ts";
export type { ParallelCheck, ParallelTask } from "./core/dag/parallel.ts";
export { canRunInParallel } from "./core/dag/parallel.ts";
export type { RunFailure, RunFailureKind } from "./core/executors/cliFailure.ts";
export type { Complexity, Strategy, TaskAnalysis, TaskSketch, TaskType } from "./core/executors/taskAnalysis.ts";
export { analyzeTask, selectStrategy } from "./core/executors/taskAnalysis.ts";
export type { RunTokens } from "./core/executors/transcript.ts";
export type { QaRow } from "./core/qa/qaCheck.ts";
export type { RouteQuestion } from "./core/routing/decideRoute.ts";
export { decideRoute } from "./core/routing/decideRoute.ts";
export type { ProviderHealth, RoutingHealth } from "./core/routing/health.ts";
export type { Keyword } from "./core/routing/keywords.ts";
export { findKeyword } from "./core/routing/keywords.ts";
export type { RouteOptions, SubagentCall, SubagentRoute, TaskRoute } from "./core/routing/legacyNames.ts";
export { routeTask, shouldRouteToOpenCode } from "./core/routing/legacyNames.ts";
export type { PolicySettings, RoutingPolicy } from "./core/routing/policy.ts";
export { makePolicy } from "./core/routing/policy.ts";
export type { FusionMode, Reason, RouteStep, Verdict } from "./core/routing/verdict.ts";
export type { ScopeCheck, ScopeCheckOverlap, ScopeProblem } from "./core/scope/check.ts";
export { checkScopes } from "./core/scope/check.ts";
export type { ContainsOptions } from "./core/scope/contains.ts";
export { contains } from "./core/scope/contains.ts";
export type { Overlap, ScopeOverlap } from "./core/scope/overlap.ts";
export { overlap, scopesOverlap } from "./core/scope/overlap.ts";
export type { Metrics, ProviderMetrics } from "./core/tracking/metrics.ts";
export type { TimeBucketData, UsageCell } from "./core/tracking/timeBucket.ts";
export { TimeBucket } from "./core/tracking/timeBucket.ts";
export type { RoutingRecord, TrackedEvent } from "./core/tracking/trackedEvent.ts";
export type { TrackerStats } from "./core/tracking/trackerStats.ts";
export type { Period } from "./core/tracking/usageBook.ts";
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
export type { ContextInput } from "./library/context/buildContext.ts";
export { buildContext } from "./library/context/buildContext.ts";
export type { SynchronizerOptions } from "./library/context/contextSynchronizer.ts";
export { ContextSynchronizer } from "./library/context/contextSynchronizer.ts";
export { serializeContextToJSON, serializeContextToMarkdown } from "./library/context/serializeContext.ts";
export type { CliRequest, CliResult } from "./library/executeViaCLI.ts";
export { detectCLI, executeViaCLI } from "./library/executeViaCLI.ts";
export { ConfigurationError } from "./library/loadedConfig.ts";
export type { AcpExecution, AcpOptions } from "./library/openCodeAcp.ts";
export { OpenCodeAcp } from "./library/openCodeAcp.ts";
export type { PoolExecution, PoolOptions, PoolResult } from "./library/openCodeServerPool.ts";
export { OpenCodeServerPool } from "./library/openCodeServerPool.ts";
export type { ExecutorOptions, ExecutorTask, TaskResult, TaskWork } from "./library/parallelExecutor.ts";
export { ParallelExecutor } from "./library/parallelExecutor.ts";
export type { PromptOptions, PromptResult } from "./library/promptResult.ts";
export type { CollectorOptions } from "./library/tracking/metricsCollector.ts";
export { MetricsCollector } from "./library/tracking/metricsCollector.ts";
export type { EventRecord, TrackerOptions } from "./library/tracking/realtimeTracker.ts";
export { RealtimeTracker } from "./library/tracking/realtimeTracker.ts";
export { askPolicy } from "./policyDesk.ts";
export type { AgentUpdate } from "./ports/agentProcess.ts";
export type { FailedRun, PolicyAnswer, PolicyDesk, PolicyQuestion } from "./ports/policyDesk.ts";
export { TaskGraphError } from "./runtime/executor/runGraph.ts";
export { PoolError } from "./runtime/pool/poolError.ts";
export type {
  BalancedProvider,
  BalancerOptions,
  BalancingStrategy,
  ProviderStats,
  SelectionContext,
} from "./runtime/routing/providerBalancer.ts";
export { ProviderBalancer } from "./runtime/routing/providerBalancer.ts";
export { ExternalBlocked, NobodyLeft, UnknownAgent } from "./runtime/routing/routingErrors.ts";
