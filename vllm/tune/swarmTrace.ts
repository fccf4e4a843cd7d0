import { seeded } from "./random.ts";
import type { Segment, Trace, TraceSession, TraceTurn } from "./trace.ts";

export interface SwarmTraceOptions {
  workers: number;
  /** A Scout for each Worker, begun by its first turn. */
  scouts: boolean;
  /** A Librarian for each Worker, begun later. */
  librarians: boolean;
  /** Requests of a Worker; the others' follow from it. */
  turns: number;
  seed: number;
}

/** The swarm of 8 Workers, 8 Scouts and the Commander: 17 sessions. */
export const DEFAULT_SWARM: SwarmTraceOptions = { workers: 8, scouts: true, librarians: false, turns: 24, seed: 1 };

/**
 * Tokens of what a role's first request begins with: the system prompt and tools (docs/benchmarks.md, at 4 bytes a token) and
 * for Workers the briefing all of them share.
 */
const OPENING = { commander: 6_800, worker: 4_800, scout: 1_340, librarian: 1_370 } as const;
const BRIEFING = 3_000;
/**
 * Medians, in tokens: an answer is a sentence and a tool call, every sixth writes a file; a result is a file, a listing or a
 * test run. Estimates; a recorded trace replaces them.
 */
const ANSWER = { small: 110, large: 900, largeEvery: 6 };
const RESULT = { commander: 700, worker: 1_800, scout: 2_600, librarian: 2_600 } as const;
/** Milliseconds a tool takes: most are instant, every fifth is a test run. */
const TOOL = { fast: 250, slow: 8_000, slowEvery: 5 };
/** A Commander looks again after this. */
const LOOK_MS = 25_000;
const PRIORITY = { commander: 0, worker: 1, scout: 2, librarian: 2 } as const;
type Role = keyof typeof OPENING;

/**
 * A swarm at work: Workers begin within a second of each other, each sends a Scout (and a Librarian) out and waits for it,
 * the Commander looks now and then; every prompt repeats what was before it, and a role's first request is the same for all
 * but its own part at the end.
 */
export function swarmTrace(options: SwarmTraceOptions): Trace {
  const random = seeded(options.seed);
  /** Around the median, mostly within a factor of two, with a tail. */
  const around = (median: number): number =>
    Math.max(8, Math.round(median * Math.exp(0.5 * (random() + random() + random() + random() - 2) * 1.7)));
  const session = (id: string, role: Role, turns: number, startMs: number, own: number): TraceSession => {
    const prompt: Segment[] = [
      { id: `${role} opening`, tokens: OPENING[role] },
      ...(role === "worker" ? [{ id: "briefing", tokens: BRIEFING }] : []),
      { id: `${id} task`, tokens: own },
    ];
    const list: TraceTurn[] = [];
    for (let index = 0; index < turns; index += 1) {
      const large = index % ANSWER.largeEvery === ANSWER.largeEvery - 1 || index === turns - 1;
      const output = { id: `${id} answer ${index}`, tokens: around(large ? ANSWER.large : ANSWER.small) };
      const slow = index % TOOL.slowEvery === TOOL.slowEvery - 1;
      const pauseMs = index === 0 ? 0 : role === "commander" ? LOOK_MS : around(slow ? TOOL.slow : TOOL.fast);
      list.push({ prompt: [...prompt], output, pauseMs, spawns: [] });
      prompt.push(output, { id: `${id} result ${index}`, tokens: around(RESULT[role]) });
    }
    return { id, role, priority: PRIORITY[role], startMs, turns: list };
  };
  const sessions: TraceSession[] = [session("commander", "commander", Math.max(2, options.turns >> 1), 0, 400)];
  for (let number = 1; number <= options.workers; number += 1) {
    const worker = session(`worker ${number}`, "worker", options.turns, around(400), around(500));
    sessions.push(worker);
    const helpers: [boolean, Role, number][] = [
      [options.scouts, "scout", 0],
      [options.librarians, "librarian", Math.min(2, options.turns - 1)],
    ];
    for (const [wanted, role, at] of helpers) {
      if (!wanted) continue;
      const helper = session(`${role} ${number}`, role, Math.max(2, options.turns >> 1), 0, around(150));
      sessions.push(helper);
      worker.turns[at]?.spawns.push(helper.id);
    }
  }
  return { name: `swarm of ${options.workers}, seed ${options.seed}`, sessions };
}
