import { EventEmitter } from "node:events";
import { Ring } from "../../core/tracking/ring.ts";
import {
  type RoutingRecord,
  routingRow,
  type TrackedEvent,
  type TrackedRouting,
  trackedRouting,
} from "../../core/tracking/trackedEvent.ts";
import { type TrackerStats, trackerStats } from "../../core/tracking/trackerStats.ts";
import { UsageBook } from "../../core/tracking/usageBook.ts";

export interface TrackerOptions {
  /** Most events kept; default 10,000. */
  capacity?: number;
  /** ms between two `stats`; default 60,000. 0 tells none by itself. */
  emitInterval?: number;
}

/** An event of any kind: `type` and what else belongs to it. One of type "routing" counts in the statistics. */
export interface EventRecord extends Record<string, unknown> {
  type: string;
  /** ms since the epoch; default: now. */
  timestamp?: number;
}

const CAPACITY = 10_000;
const EMIT_INTERVAL_MS = 60_000;

/**
 * The last events of this process, in memory, and statistics of the last hour every `emitInterval`, told as `stats` while
 * somebody listens. Keeps no process alive; `close` ends it.
 */
export class RealtimeTracker extends EventEmitter<{ stats: [TrackerStats] }> {
  private readonly ring: Ring<TrackedEvent>;
  private readonly book = new UsageBook();
  private readonly timer: NodeJS.Timeout | undefined;

  /** @throws RangeError for a capacity or an interval that is none */
  constructor({ capacity = CAPACITY, emitInterval = EMIT_INTERVAL_MS }: TrackerOptions = {}) {
    super();
    if (!Number.isFinite(emitInterval) || emitInterval < 0)
      throw new RangeError(`emitInterval is a time from 0 ms up, not ${emitInterval}.`);
    this.ring = new Ring(capacity);
    if (emitInterval === 0) return;
    this.timer = setInterval(() => {
      if (this.listenerCount("stats") > 0) this.emit("stats", this.getStats());
    }, emitInterval);
    this.timer.unref();
  }

  /** Keeps a routed request and counts it. @throws RangeError naming a field that is no figure */
  recordRouting(record: RoutingRecord): void {
    this.ring.push(this.counted(record));
  }

  /**
   * Keeps an event as it is. One of type "routing" is counted like a routed request, its time taken from `duration` or
   * `responseTime` (ms).
   *
   * @throws RangeError naming a field that is no figure
   */
  recordEvent(event: EventRecord): void {
    const timestamp = event.timestamp ?? Date.now();
    if (event.type === "routing") {
      const duration = event.duration ?? event.responseTime ?? 0;
      this.counted({ ...(event as Partial<RoutingRecord>), timestamp, duration } as RoutingRecord);
    }
    this.ring.push({ ...event, timestamp });
  }

  /** The last `most` events, oldest first; all that are kept where it is left out. */
  getRecentEvents(most: number = Number.POSITIVE_INFINITY): TrackedEvent[] {
    return this.ring.last(most);
  }

  /** The same by its older name. */
  getRecent(most?: number): TrackedEvent[] {
    return this.getRecentEvents(most);
  }

  /** Statistics of the last 60 minutes. */
  getStats(): TrackerStats {
    return trackerStats(this.book.total("hour", Date.now()));
  }

  /** Tells nothing any more; what is kept can still be asked for. */
  close(): void {
    clearInterval(this.timer);
    this.removeAllListeners();
  }

  private counted(record: RoutingRecord): TrackedRouting {
    const row = routingRow(record, Date.now());
    this.book.record(row);
    return trackedRouting(row);
  }
}
