import { HELPERS } from "../roles.ts";
import type { Lane, Span } from "../view/timeline.ts";
import type { TraceSpan } from "./traceSpan.ts";

interface Asked {
  lanes: readonly Lane[];
  spans: readonly Span[];
  /** The key of what a session's calls hang under, at a time. */
  above(session: string, at: number): string;
  /** Whether the swarm is over: what has not ended by then has no end of its own. */
  over: boolean;
}

export interface HelperSpans {
  spans: TraceSpan[];
  /** The key of what a helper's calls hang under; undefined for a session that is no helper's. */
  keyOf(session: string, at: number): string | undefined;
}

/**
 * A span for every time a helper was asked: from the call that asked to its answer, under whoever asked. A helper's session
 * may be asked again; the key says how often it had answered before, so that it is known before the answer is.
 */
export function helperSpans({ lanes, spans, above, over }: Asked): HelperSpans {
  const roles = new Map(lanes.map(({ session, role }) => [session, role]));
  const isHelper = (session: string) => HELPERS.some((role) => role === roles.get(session));
  const asked = new Map<string, Span[]>();
  for (const span of spans) {
    if (span.child === undefined || span.end === null) continue;
    asked.set(span.child, [...(asked.get(span.child) ?? []), span]);
  }
  const answeredBefore = (session: string, at: number) =>
    (asked.get(session) ?? []).filter(({ end }) => end !== null && end <= at).length;
  const key = (session: string, times: number) => `helper ${session} ${times}`;
  const keyOf = (session: string, at: number) =>
    isHelper(session) ? key(session, answeredBefore(session, at)) : undefined;
  const made = (about: Pick<TraceSpan, "key" | "parent" | "start" | "end">, session: string): TraceSpan => {
    const role = roles.get(session) ?? "helper";
    return {
      ...{ ...about, name: `invoke_agent ${role}`, kind: "internal" },
      attributes: {
        ...{ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": role },
        ...{ "gen_ai.conversation.id": session, "aegis.role": role },
      },
    };
  };
  const found = new Map<string, TraceSpan>();
  for (const [session, calls] of asked) {
    for (const { start, end, session: asker, failed } of calls) {
      if (end === null || !isHelper(session)) continue;
      const span = made({ key: keyOf(session, start) ?? "", parent: above(asker, start), start, end }, session);
      found.set(span.key, { ...span, ...(failed ? { error: "the call failed" } : {}) });
    }
  }
  if (over) {
    // One whose answer never came, or of a log that does not say who asked.
    const answered = new Set(found.keys());
    for (const { session, start, end } of spans) {
      const own = keyOf(session, start);
      if (own === undefined || end === null || answered.has(own)) continue;
      const span = found.get(own) ?? made({ key: own, parent: above(session, start), start, end }, session);
      found.set(own, { ...span, end: Math.max(span.end, end) });
    }
  }
  return { spans: [...found.values()], keyOf };
}
