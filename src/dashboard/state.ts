import type { FeedPatch, FeedStart } from "../core/view/feed.ts";
import type { Lane, Span } from "../core/view/timeline.ts";
import type { Say } from "./words.ts";

/** Points of the gauges that are drawn. */
const GAUGES = 1_200;

/** A row of the timeline: all sessions of one Worker, the Commander's, or a helper's. */
export interface Row {
  id: string;
  role: string;
  name: string;
  sessions: Set<string>;
  spans: Span[];
}

/** What the panels show, put together from the server's events. */
export class State {
  feed: FeedStart | undefined;
  /** The server's clock before this browser's (ms). */
  private ahead = 0;
  private readonly spans = new Map<string, Span>();

  start(whole: FeedStart): void {
    this.feed = whole;
    this.spans.clear();
    for (const span of whole.spans) this.spans.set(span.key, span);
    this.setClock(whole.view.at);
  }

  patch(changed: FeedPatch): void {
    if (!this.feed) return;
    for (const span of changed.spans ?? []) this.spans.set(span.key, span);
    this.feed = {
      ...this.feed,
      ...changed,
      rows: changed.rows ? [...this.feed.rows, ...changed.rows] : this.feed.rows,
      gauges: changed.gauges ? [...this.feed.gauges, ...changed.gauges].slice(-GAUGES) : this.feed.gauges,
      spans: [],
    };
    if (changed.view) this.setClock(changed.view.at);
  }

  /** The server's time, ms since the epoch. */
  get now(): number {
    return Date.now() + this.ahead;
  }

  /** Now, or the end of a swarm that is over. */
  get end(): number {
    const swarm = this.feed?.view.swarm;
    return swarm?.over ? swarm.startedAt + swarm.durationMs : this.now;
  }

  /** ms since the swarm began. */
  get elapsed(): number {
    const swarm = this.feed?.view.swarm;
    return swarm ? this.end - swarm.startedAt : 0;
  }

  /** Rows of the timeline: the Commander, the Workers by id, then helpers. What still goes on has an end of null. */
  rows(say: Say): Row[] {
    const { lanes = [], view } = this.feed ?? {};
    const rows = new Map<string, Row>();
    const nameOf = (lane: Lane): string => {
      if (lane.role === "commander") return say("you");
      const worker = view?.workers.find(({ id }) => id === lane.id);
      return worker ? worker.feature || worker.name : lane.role;
    };
    const bySession = new Map<string, Row>();
    for (const lane of lanes) {
      const id = lane.role === "commander" ? "commander" : lane.id;
      const row = rows.get(id) ?? { id, role: lane.role, name: nameOf(lane), sessions: new Set(), spans: [] };
      row.sessions.add(lane.session);
      rows.set(id, row);
      bySession.set(lane.session, row);
    }
    for (const span of this.spans.values()) bySession.get(span.session)?.spans.push(span);
    for (const row of rows.values()) row.spans.sort((a, b) => a.start - b.start);
    const sorted = [...rows.values()].sort((a, b) => rank(a) - rank(b) || before(a, b));
    const helpers = new Map<string, number>();
    for (const row of sorted) {
      this.addPresent(row);
      if (rank(row) < 2) continue;
      const n = (helpers.get(row.role) ?? 0) + 1;
      helpers.set(row.role, n);
      row.name = `${row.role} ${n}`;
    }
    return sorted;
  }

  /** What a Worker does now, where no log can say it yet: it has asked the model, or waits for its turn. */
  private addPresent(row: Row): void {
    const worker = this.feed?.view.workers.find(({ id }) => id === row.id);
    const working = worker && ["exploring", "implementing", "self-qa"].includes(worker.status);
    if (!working || !this.feed?.view.driven || row.spans.some(({ end }) => end === null)) return;
    const since = Math.max(0, ...row.spans.map(({ end }) => end ?? 0));
    if (since === 0) return;
    const kind = worker.ahead === null ? "model" : "wait";
    row.spans.push({ key: `now ${row.id}`, session: "", kind, start: since, end: null, what: "", failed: false });
  }

  private setClock(at: number): void {
    this.ahead = at - Date.now();
  }
}

function rank({ role }: Row): number {
  return role === "commander" ? 0 : role === "worker" ? 1 : 2;
}

/** Workers by id, helpers in the order in which they began. */
function before(a: Row, b: Row): number {
  if (rank(a) < 2) return a.id < b.id ? -1 : 1;
  return (a.spans[0]?.start ?? 0) - (b.spans[0]?.start ?? 0);
}

/** Of the spans within a time, ms of each kind. */
export function totals(spans: readonly Span[], now: number): Record<Span["kind"], number> {
  const sum = { model: 0, tool: 0, wait: 0 };
  for (const { kind, start, end } of spans) sum[kind] += (end ?? now) - start;
  return sum;
}
