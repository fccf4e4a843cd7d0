import type { Lane, PhaseSince, Span } from "../view/timeline.ts";
import type { SwarmEvent } from "../workflow/events.ts";
import type { Swarm } from "../workflow/state.ts";
import { isOver } from "../workflow/state.ts";

/** One span of a swarm's trace. Times in ms since the epoch. */
export interface TraceSpan {
  /** The same for the same span whoever makes it, and whenever. */
  key: string;
  /** null for the swarm itself. */
  parent: string | null;
  name: string;
  kind: "internal" | "client";
  start: number;
  end: number;
  attributes: Record<string, string | number | boolean | string[]>;
  /** Why it failed. */
  error?: string;
}

export interface Traced {
  swarm: Swarm;
  events: readonly SwarmEvent[];
  phases: readonly PhaseSince[];
  lanes: readonly Lane[];
  spans: readonly Span[];
}

const SWARM = "swarm";

/**
 * What has ended of a swarm, as spans: swarm, its phases, Workers within the phase in which they began, tool calls and model
 * requests within their Worker. Names and `gen_ai.*` as OpenTelemetry has them for agents; no word of a prompt, an answer, a
 * command or a file.
 */
export function traceSpans({ swarm, events, phases, lanes, spans }: Traced): TraceSpan[] {
  const end = swarm.endedAt;
  const over = isOver(swarm) && end !== undefined;
  const inPhase = (at: number) =>
    phaseKey(
      Math.max(
        0,
        phases.findLastIndex(({ since }) => since <= at),
      ),
    );
  const workers = workerSpans(swarm, events, inPhase);
  const bySession = new Map(workers.map(({ session, span }) => [session, span]));
  const roles = new Map(lanes.map(({ session, role }) => [session, role]));
  const root: TraceSpan = {
    ...{ key: SWARM, parent: null, name: SWARM, kind: "internal", start: swarm.startedAt, end: end ?? swarm.startedAt },
    attributes: { "aegis.swarm.id": swarm.id, "aegis.phase": swarm.phase, "aegis.workers": swarm.workers.length },
    ...(swarm.abort ? { error: swarm.abort.by } : {}),
  };
  const phaseSpans = phases.flatMap(({ phase, since }, index): TraceSpan[] => {
    const until = phases[index + 1]?.since;
    if (until === undefined || phase === "done" || phase === "aborted") return [];
    const attributes = { "aegis.swarm.id": swarm.id, "aegis.phase": phase };
    return [
      {
        ...{ key: phaseKey(index), parent: SWARM, name: `phase ${phase}`, kind: "internal", start: since, end: until },
        attributes,
      },
    ];
  });
  const leaves = spans.flatMap((span): TraceSpan[] => {
    if (span.end === null) return [];
    const worker = bySession.get(span.session);
    const parent = worker?.key ?? inPhase(span.start);
    return [leaf({ ...span, end: span.end }, parent, worker ? "worker" : (roles.get(span.session) ?? "none"))];
  });
  const ended = workers.filter(({ span }) => span.end > 0).map(({ span }) => span);
  return [...(over ? [root] : []), ...phaseSpans, ...ended, ...leaves];
}

function phaseKey(index: number): string {
  return `phase ${index}`;
}

/** A span for every session a Worker had; one that goes on has an end of 0. */
function workerSpans(swarm: Swarm, events: readonly SwarmEvent[], inPhase: (at: number) => string) {
  const all: { session: string; span: TraceSpan }[] = [];
  const last = new Map<string, TraceSpan>();
  const ends = (worker: string, at: number, status: string, failed: boolean) => {
    const span = last.get(worker);
    if (!span || span.end > 0) return;
    span.end = at;
    span.attributes["aegis.worker.status"] = status;
    if (failed) span.error = status;
  };
  for (const event of events) {
    if (event.type === "worker_started") {
      const { worker, session, attempt, at } = event;
      ends(worker, at, "renewed", true);
      const assignment = swarm.workers.find(({ assignment: { id } }) => id === worker)?.assignment;
      const span: TraceSpan = {
        ...{ key: `worker ${session}`, parent: inPhase(at), kind: "internal", start: at, end: 0 },
        name: `invoke_agent ${worker}`,
        attributes: {
          ...{ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": assignment?.name ?? worker },
          ...{ "gen_ai.agent.id": worker, "gen_ai.conversation.id": session },
          ...{ "aegis.swarm.id": swarm.id, "aegis.worker.attempt": attempt },
        },
      };
      last.set(worker, span);
      all.push({ session, span });
    }
    if (event.type === "worker_reported") ends(event.worker, event.at, event.status, event.status !== "completed");
    if (event.type === "worker_failed") ends(event.worker, event.at, "failed", true);
    if (event.type === "worker_cancelled") ends(event.worker, event.at, "cancelled", true);
    if (event.type === "swarm_aborted") for (const worker of last.keys()) ends(worker, event.at, "aborted", true);
  }
  return all;
}

function leaf(span: Span & { end: number }, parent: string, role: string): TraceSpan {
  const { key, start, end, session, failed, tool, call, provider, finish, tokens, firstMs } = span;
  const shared = { key: `span ${key}`, parent, start, end };
  const about = { "gen_ai.conversation.id": session, "aegis.role": role };
  if (span.kind === "wait")
    return { ...shared, name: "wait for the GPU", kind: "internal", attributes: { ...about, "aegis.wait": true } };
  if (span.kind === "tool")
    return {
      ...{ ...shared, name: `execute_tool ${tool ?? "tool"}`, kind: "internal" },
      attributes: {
        ...{ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool ?? "tool", ...about },
        ...(call === undefined ? {} : { "gen_ai.tool.call.id": call }),
      },
      ...(failed ? { error: "the call failed" } : {}),
    };
  return {
    ...{ ...shared, name: "chat", kind: "client" },
    attributes: {
      ...{ "gen_ai.operation.name": "chat", "gen_ai.provider.name": provider ?? "unknown", ...about },
      ...(tokens
        ? {
            "gen_ai.usage.input_tokens": tokens.prompt,
            "gen_ai.usage.output_tokens": tokens.output,
            "gen_ai.usage.cache_read.input_tokens": tokens.cached,
          }
        : {}),
      ...(finish === undefined ? {} : { "gen_ai.response.finish_reasons": [finish] }),
      ...(firstMs === undefined ? {} : { "aegis.first_byte_ms": firstMs }),
    },
    ...(failed ? { error: span.what } : {}),
  };
}
