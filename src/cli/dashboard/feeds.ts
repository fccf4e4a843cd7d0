import { join } from "node:path";
import { swarmsIn } from "../../adapters/view/swarmTail.ts";
import type { ViewPlaces } from "../../adapters/view/viewReader.ts";
import type { Charts } from "./charts.ts";
import { Feed } from "./feed.ts";

/** The feeds of a project's swarms: the newest one's all the time, another one's while somebody looks at it. */
export class Feeds {
  private readonly places: ViewPlaces;
  private readonly charts: Charts;
  readonly newest: Feed;
  private readonly others = new Map<string, Feed>();

  constructor(places: ViewPlaces, charts: Charts) {
    this.places = places;
    this.charts = charts;
    this.newest = this.make(undefined);
  }

  /** undefined where there is no such swarm. */
  of(swarm: string | undefined): Feed | undefined {
    if (swarm === undefined) return this.newest;
    if (!this.swarms().includes(swarm)) return undefined;
    const feed = this.others.get(swarm) ?? this.make(swarm);
    this.others.set(swarm, feed);
    return feed;
  }

  /** Ends a feed that nobody follows. */
  left(feed: Feed): void {
    if (feed === this.newest || feed.followed) return;
    feed.close();
    for (const [swarm, other] of this.others) if (other === feed) this.others.delete(swarm);
  }

  close(): void {
    for (const feed of [this.newest, ...this.others.values()]) feed.close();
    this.others.clear();
  }

  private make(swarm: string | undefined): Feed {
    const { places, charts } = this;
    return new Feed({ places: { ...places, swarm }, charts, swarms: () => this.swarms(), now: () => Date.now() });
  }

  private swarms(): string[] {
    const { stateDir } = this.places;
    return stateDir === undefined ? [] : swarmsIn(join(stateDir, "swarms"));
  }
}
