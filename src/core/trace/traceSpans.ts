import type { Lane, PhaseSince, Span } from "../view/timeline.ts";
import type { SwarmEvent } from "../workflow/events.ts";
import type { Swarm } from "../workflow/state.ts";
import { isOver } from "../workflow/state.ts";
import { helperSpans } from "./helperSpans.ts";
import type { TraceSpan } from "./traceSpan.ts";
import { workerSpans } from "./workerSpans.ts";

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
 * requests within their Worker or helper, a helper within whoever asked it. Names and `gen_ai.*` as OpenTelemetry has them for agents; no word of a prompt, an answer, a
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
  const above = (session: string, at: number) => bySession.get(session)?.key ?? inPhase(at);
  const helpers = helperSpans({ lanes, spans, above, over });
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
    const parent = helpers.keyOf(span.session, span.start) ?? above(span.session, span.start);
    const role = bySession.has(span.session) ? "worker" : (roles.get(span.session) ?? "none");
    return [leaf({ ...span, end: span.end }, parent, role)];
  });
  const ended = workers.filter(({ span }) => span.end > 0).map(({ span }) => span);
  return [...(over ? [root] : []), ...phaseSpans, ...ended, ...helpers.spans, ...leaves];
}

function phaseKey(index: number): string {
  return `phase ${index}`;
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
