import { gaugesOf, type Reading, recentReadings } from "../core/view/gauges.ts";
import { LIVE_BEAT_MS, type LiveState } from "../core/view/liveState.ts";
import { isOver } from "../core/workflow/state.ts";
import type { SwarmServices } from "./services.ts";

/** A change is told at most this often (ms): a person reads no faster, and every write is a file. */
const EVERY_MS = 500;

/** Tells other processes what only this one knows of its swarm, while it drives one. */
export class LivePublisher {
  private readonly services: SwarmServices;
  private readonly primary: string;
  private readonly write: (live: LiveState) => Promise<void>;
  private readonly readings = new Map<string, Reading[]>();
  private stopped = false;
  private told = { what: "", at: 0 };

  /** @param write replaces what was told before. */
  constructor(services: SwarmServices, primary: string, write: (live: LiveState) => Promise<void>) {
    this.services = services;
    this.primary = primary;
    this.write = write;
  }

  /** A reading of the server at `baseUrl`. */
  sees(baseUrl: string, reading: Reading): void {
    const server = URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl;
    const all = [...(this.readings.get(server) ?? []), reading];
    this.readings.set(server, recentReadings(all, reading.at));
  }

  /** Tells until `stop`. */
  async start(): Promise<void> {
    while (!this.stopped) {
      await this.tell().catch((error: unknown) => this.services.log("what Workers do now cannot be told", error));
      await this.services.sleep(EVERY_MS);
    }
  }

  stop(): void {
    this.stopped = true;
  }

  /** Tells where there is something new, or nothing was told for a beat. */
  async tell(): Promise<void> {
    const { swarm, lease } = this.services;
    const { state } = swarm;
    const now = this.services.now();
    if (!state || isOver(state)) return;
    const live = this.liveOf(state.id, now);
    const what = JSON.stringify({ ...live, at: 0 });
    if (what === this.told.what && now - this.told.at < LIVE_BEAT_MS) return;
    if ((await lease.holder())?.own !== true) return;
    this.told = { what, at: now };
    await this.write(live);
  }

  private liveOf(swarm: string, at: number): LiveState {
    const servers = [...this.readings].flatMap(([server, readings]) => {
      const gauges = gaugesOf(server, readings);
      return gauges ? [gauges] : [];
    });
    const workers = Object.fromEntries(this.services.live);
    return { at, pid: process.pid, swarm, primary: this.primary, workers, servers };
  }
}
