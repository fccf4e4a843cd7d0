import { dirname } from "node:path";
import { projectFiles } from "../../adapters/view/projectFiles.ts";
import { TimelineReader } from "../../adapters/view/timelineReader.ts";
import { type ViewPlaces, ViewReader } from "../../adapters/view/viewReader.ts";
import { watchView } from "../../adapters/view/watchView.ts";
import type { Traced } from "../../core/trace/traceSpans.ts";
import type { UsageBook } from "../../core/tracking/usageBook.ts";
import { eventRow } from "../../core/view/eventRow.ts";
import type { FeedPatch, FeedStart, GaugePoint } from "../../core/view/feed.ts";
import { ScopeOwners } from "../../core/view/scopeOwners.ts";
import { type ScopeOwner, scopeTree } from "../../core/view/scopeTree.ts";
import type { SwarmView } from "../../core/view/swarmView.ts";
import type { SwarmEvent } from "../../core/workflow/events.ts";
import { messageOf } from "../../ports/thrown.ts";
import type { Charts } from "./charts.ts";

/** Points of the gauges that are kept: ten minutes of two a second. */
const GAUGES = 1_200;
/** The tree is looked at again this often (ms) while Workers write: it costs a git process. */
const TREE_MS = 2_000;

/** The charts are reckoned at most this often (ms): their buckets are minutes. */
const CHARTS_MS = 1_000;

/** What a follower of a feed gets: the whole at first, then what changes. */
export interface Follower {
  start(whole: FeedStart): void;
  patch(changed: FeedPatch): void;
}

export interface FeedWorld {
  places: ViewPlaces;
  charts: Charts;
  /** Ids of the project's swarms, oldest first. */
  swarms(): string[];
  now(): number;
}

/** Follows one swarm's files, and tells all who look at it what changed. */
export class Feed {
  private readonly world: FeedWorld;
  private readonly reader: ViewReader;
  private timeline: TimelineReader | undefined;
  private readonly followers = new Set<Follower>();
  private whole: FeedStart;
  private swarm: string | undefined;
  private beginnings = 0;
  private told = { view: "", charts: "", tree: "", swarms: "" };
  private treeAt = 0;
  private owners: { key: string; scopes: ScopeOwners } | undefined;
  private chartsAt = 0;
  private readonly ended = new AbortController();

  constructor(world: FeedWorld) {
    this.world = world;
    this.reader = new ViewReader(world.places);
    const view = this.reader.read(world.now());
    this.whole = { swarms: [], view, phases: [], rows: [], lanes: [], spans: [], tree: [], charts: null, gauges: [] };
    this.look();
    watchView(this.reader, this.ended.signal, () => this.look());
  }

  get followed(): boolean {
    return this.followers.size > 0;
  }

  get view(): SwarmView {
    return this.whole.view;
  }

  get events(): readonly SwarmEvent[] {
    return this.reader.events;
  }

  /** All of it as it stands, read anew. */
  get measured(): { feed: FeedStart; book: UsageBook; now: number } {
    this.look();
    return { feed: this.whole, book: this.reader.book, now: this.world.now() };
  }

  /** As its trace is made from; undefined where there is no swarm. */
  get traced(): Traced | undefined {
    const { state: swarm, events, phases } = this.reader;
    const { lanes, spans } = this.whole;
    return swarm && { swarm, events, phases, lanes, spans };
  }

  /** @returns stops telling `follower` */
  follow(follower: Follower): () => void {
    this.followers.add(follower);
    follower.start(this.whole);
    return () => this.followers.delete(follower);
  }

  close(): void {
    this.ended.abort();
    this.followers.clear();
  }

  /** Reads what is new and tells it. */
  look(): void {
    const now = this.world.now();
    const view = this.reader.read(now);
    const { events, state } = this.reader;
    const again = this.reader.beginnings !== this.beginnings;
    if (again) this.begin(state?.id);
    const patch: FeedPatch = {};
    const rows = events.slice(this.whole.rows.length).map((event, n) => eventRow(event, this.whole.rows.length + n));
    if (rows.length > 0) Object.assign(patch, { rows, phases: [...this.reader.phases] });
    Object.assign(patch, this.spans(events, view));
    const gauges = this.gauges(view, now);
    if (gauges) patch.gauges = [gauges];
    const swarms = this.swarms(view);
    if (this.differs("view", { ...view, at: 0, swarm: { ...view.swarm, durationMs: 0 }, workers: timeless(view) }))
      patch.view = view;
    if (now - this.chartsAt >= CHARTS_MS) {
      this.chartsAt = now;
      const charts = this.world.charts.of(this.reader.book, now);
      if (this.differs("charts", charts)) patch.charts = charts;
    }
    if (this.differs("swarms", swarms)) patch.swarms = swarms;
    this.take(patch, view);
    if (again) for (const follower of this.followers) follower.start(this.whole);
    else this.tell(patch);
    if (again || (now - this.treeAt >= TREE_MS && rows.some(({ type }) => MOVES_FILES.has(type)))) void this.plant(now);
  }

  private swarms(view: SwarmView): string[] {
    try {
      return this.world.swarms();
    } catch (error) {
      view.problems.push(messageOf(error));
      return this.whole.swarms;
    }
  }

  private begin(swarm: string | undefined): void {
    this.swarm = swarm;
    this.beginnings = this.reader.beginnings;
    // Even a tree like the last one is news now.
    this.told.tree = "";
    const { gauges } = this.whole;
    this.whole = { ...this.whole, phases: [], rows: [], lanes: [], spans: [], tree: [], gauges };
    this.timeline = undefined;
  }

  private spans(events: readonly SwarmEvent[], view: SwarmView): Pick<FeedPatch, "spans" | "lanes"> {
    const { stateDir } = this.world.places;
    if (stateDir === undefined) return {};
    try {
      this.timeline ??= new TimelineReader(stateDir);
      if (!this.timeline.read(events)) {
        this.timeline = new TimelineReader(stateDir);
        this.timeline.read(events);
      }
    } catch (error) {
      view.problems.push(messageOf(error));
      return {};
    }
    const { timeline } = this.timeline;
    const spans = timeline.takeChanges();
    const lanes = timeline.knownLanes;
    return {
      ...(spans.length === 0 ? {} : { spans }),
      ...(lanes.length === this.whole.lanes.length ? {} : { lanes }),
    };
  }

  private gauges(view: SwarmView, now: number): GaugePoint | undefined {
    const at = Math.max(0, ...view.servers.map((server) => server.at));
    if (view.servers.length === 0 || at <= (this.whole.gauges.at(-1)?.at ?? 0)) return undefined;
    return { at: Math.min(at, now), servers: view.servers };
  }

  private take(patch: FeedPatch, view: SwarmView): void {
    const spans = new Map(this.whole.spans.map((span) => [span.key, span]));
    for (const span of patch.spans ?? []) spans.set(span.key, span);
    this.whole = {
      ...this.whole,
      ...patch,
      view,
      rows: patch.rows ? [...this.whole.rows, ...patch.rows] : this.whole.rows,
      spans: patch.spans ? [...spans.values()] : this.whole.spans,
      gauges: [...this.whole.gauges, ...(patch.gauges ?? [])].slice(-GAUGES),
    };
  }

  private tell(patch: FeedPatch): void {
    if (Object.keys(patch).length === 0) return;
    for (const follower of this.followers) follower.patch(patch);
  }

  /** Draws the tree anew. Never rejects: without git there is none. */
  private async plant(now: number): Promise<void> {
    this.treeAt = now;
    const { stateDir } = this.world.places;
    const { swarm } = this;
    if (stateDir === undefined) return;
    const files = await projectFiles(dirname(stateDir));
    if (this.ended.signal.aborted || this.swarm !== swarm) return;
    const owners = ownersOf(this.reader);
    const key = JSON.stringify(owners.map(({ id, scope }) => [id, scope]));
    if (this.owners?.key !== key) this.owners = { key, scopes: new ScopeOwners(owners) };
    const tree = scopeTree(files, owners, this.owners.scopes);
    if (!this.differs("tree", tree)) return;
    this.take({ tree }, this.whole.view);
    this.tell({ tree });
  }

  private differs(what: keyof Feed["told"], value: unknown): boolean {
    const text = JSON.stringify(value);
    const differs = text !== this.told[what];
    this.told[what] = text;
    return differs;
  }
}

const MOVES_FILES: ReadonlySet<string> = new Set([
  ...["workers_dispatched", "worker_wrote", "commander_wrote", "worker_reported", "worker_cancelled", "committed"],
  "conflicts_checked",
]);

/** That time goes by is no news: whoever shows it has a clock. */
function timeless({ workers }: SwarmView): object[] {
  return workers.map(({ durationMs: _, ...worker }) => worker);
}

function ownersOf({ state }: ViewReader): ScopeOwner[] {
  return (state?.workers ?? []).map(({ assignment: { id, fileScope }, wrote }) => ({ id, scope: fileScope, wrote }));
}
