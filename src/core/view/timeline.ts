import { gateLineSchema } from "../gate/gateLine.ts";
import type { SwarmEvent } from "../workflow/events.ts";
import type { Phase } from "../workflow/state.ts";
import { callLineSchema } from "./callLine.ts";

/** What a session did for a while. Times in ms since the epoch. */
export interface Span {
  /** Of one span for ever: a later one with the same key takes its place. */
  key: string;
  session: string;
  kind: "model" | "tool" | "wait";
  start: number;
  /** null while it goes on. */
  end: number | null;
  /** "edit src/a.ts"; empty for a model request. */
  what: string;
  failed: boolean;
  /** ms from the request to the first of its answer: the server's queue and the prompt. */
  firstMs?: number;
  /** Tokens of the prompt, of these from the prefix cache, and of the answer. */
  tokens?: { prompt: number; cached: number; output: number };
  /** The host's name of the provider, and how the answer ended. */
  provider?: string;
  finish?: string;
  /** The tool, and the host's id of the call. */
  tool?: string;
  call?: string;
  /** The session of the helper that the call was answered by. */
  child?: string;
}

/** Whose sessions a row of the timeline holds. */
export interface Lane {
  /** A Worker's id, or the session's. */
  id: string;
  role: string;
  session: string;
}

/** The Commander still reports after the swarm's end (ms). */
const AFTERWARDS_MS = 120_000;
/** Waits that nobody would see are left out (ms). */
const SHORTEST_WAIT_MS = 50;

/**
 * When which session of one swarm waited for its turn, had the model at work, or ran a tool: folded from the swarm's events,
 * the model gate's log and the log of tool calls, in any order of the three.
 */
export class Timeline {
  private readonly all = new Map<string, Span>();
  private readonly lanes = new Map<string, Lane>();
  private readonly changed = new Set<string>();
  private startedAt: number | undefined;
  private endedAt: number | undefined;

  takeEvent(event: SwarmEvent): void {
    if (event.type === "swarm_started") {
      this.startedAt = event.at;
      this.learn({ id: "commander", role: "commander", session: event.session });
    }
    if (event.type === "commander_replaced") this.learn({ id: "commander", role: "commander", session: event.session });
    if (event.type === "worker_started") this.learn({ id: event.worker, role: "worker", session: event.session });
    if (event.type === "report_given" || event.type === "swarm_aborted") this.endedAt = event.at;
  }

  /** A parsed line of the gate's log; one of another shape or another swarm's is left out. */
  takeGate(line: unknown): void {
    const read = gateLineSchema.safeParse(line).data;
    // The other lines took no time of their own.
    if (read?.type !== "answered" && read?.type !== "failed") return;
    const { session, role, provider } = read;
    const end = Date.parse(read.at);
    if (!this.concerns(session, role, end)) return;
    if (read.type === "failed") {
      this.put({
        key: `f${end}${session}`,
        session,
        kind: "model",
        start: end,
        end,
        what: read.failure,
        failed: true,
        provider,
      });
      return;
    }
    const { totalMs, queueMs = 0, firstByteMs, tokens, finish } = read;
    const start = end - totalMs;
    const key = `${end}${session}`;
    if (queueMs >= SHORTEST_WAIT_MS)
      this.put({ key: `w${key}`, session, kind: "wait", start: start - queueMs, end: start, what: "", failed: false });
    this.put({
      ...{
        key: `m${key}`,
        session,
        kind: "model",
        start,
        end,
        what: "",
        failed: false,
        firstMs: firstByteMs,
        provider,
      },
      ...(finish === undefined ? {} : { finish }),
      ...(tokens ? { tokens: { prompt: tokens.prompt, cached: tokens.cached ?? 0, output: tokens.output } } : {}),
    });
  }

  /** A parsed line of the log of tool calls. */
  takeCall(line: unknown): void {
    const read = callLineSchema.safeParse(line).data;
    if (!read || !this.concerns(read.session, read.role, read.start)) return;
    const { session, call, tool, start, what } = read;
    const known = this.all.get(`t${call}`);
    const about = { key: `t${call}`, session, kind: "tool", start, what, tool, call } as const;
    if (read.state === "began") {
      if (!known) this.put({ ...about, end: null, failed: false });
      return;
    }
    const child = read.child === undefined ? {} : { child: read.child };
    this.put({ ...about, end: read.end, failed: !read.ok, ...child });
  }

  /** Everything, in the order in which it began. */
  get spans(): Span[] {
    return [...this.all.values()].sort((a, b) => a.start - b.start);
  }

  get knownLanes(): Lane[] {
    return [...this.lanes.values()];
  }

  /** What is new or other than at the last look. */
  takeChanges(): Span[] {
    const changed = [...this.changed].flatMap((key) => this.all.get(key) ?? []);
    this.changed.clear();
    return changed;
  }

  private concerns(session: string, role: string, at: number): boolean {
    if (this.startedAt === undefined || role === "none" || role === "replaced") return false;
    if (at < this.startedAt || at > (this.endedAt ?? at) + AFTERWARDS_MS) return false;
    if (!this.lanes.has(session)) this.learn({ id: session, role, session });
    return true;
  }

  private learn(lane: Lane): void {
    this.lanes.set(lane.session, lane);
  }

  private put(span: Span): void {
    this.all.set(span.key, span);
    this.changed.add(span.key);
  }
}

/** From when on a swarm was in a phase; a phase may come back. ms since the epoch. */
export interface PhaseSince {
  phase: Phase;
  since: number;
}
