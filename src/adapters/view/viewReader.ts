import { join } from "node:path";
import { z } from "zod";
import { fusionStateSchema, NO_FUSION_STATE } from "../../core/routing/fusionState.ts";
import { limitWindowSchema } from "../../core/routing/limits/window.ts";
import { UsageBook } from "../../core/tracking/usageBook.ts";
import { type SwarmView, viewOf } from "../../core/view/swarmView.ts";
import type { PhaseSince } from "../../core/view/timeline.ts";
import type { SwarmEvent } from "../../core/workflow/events.ts";
import type { Language } from "../../core/workflow/model.ts";
import type { SwarmState } from "../../core/workflow/state.ts";
import { messageOf } from "../../ports/thrown.ts";
import { UsageReader } from "../tracking/usageReader.ts";
import { readLive } from "./liveFile.ts";
import { readJson } from "./readJson.ts";
import { SwarmTail } from "./swarmTail.ts";

const limitsFile = z.object({ windows: z.array(limitWindowSchema) });

/** Where the views read. */
export interface ViewPlaces {
  /** The project's `.aegis`; need not exist. Undefined outside a project. */
  stateDir: string | undefined;
  /** The product's state directory of this user; need not exist. */
  stateHome: string;
  /** The swarm to show in place of the newest. */
  swarm?: string | undefined;
  /** Where checkpoints of long logs lie: then `events` lacks what they stand for. */
  checkpoints?: string | undefined;
  /** Of what people read; English where absent. */
  language?: Language | undefined;
}

/**
 * Reads what people see, from files alone: any process may, none is asked, nothing is changed. A file that cannot be read
 * leaves its part of the view empty and is named in its `problems`.
 */
export class ViewReader {
  private readonly places: ViewPlaces;
  private readonly swarm: SwarmTail | undefined;
  private readonly usage: UsageReader;
  private lastBook = new UsageBook();

  constructor(places: ViewPlaces) {
    this.places = places;
    this.swarm =
      places.stateDir === undefined ? undefined : new SwarmTail(places.stateDir, places.swarm, places.checkpoints);
    this.usage = new UsageReader(places.stateHome);
  }

  /** The newest swarm's events as of the last `read`. */
  get events(): readonly SwarmEvent[] {
    return this.swarm?.events ?? [];
  }

  /** Changes where `events` are others than before, and not only more. */
  get beginnings(): number {
    return this.swarm?.beginnings ?? 0;
  }

  /** Its phases in order. */
  get phases(): readonly PhaseSince[] {
    return this.swarm?.phases ?? [];
  }

  /** What it comes to. */
  get state(): SwarmState {
    return this.swarm?.state;
  }

  /** The requests that were read. */
  get book(): UsageBook {
    return this.lastBook;
  }

  /** Directories whose changes concern the view. */
  get dirs(): string[] {
    const { stateDir, stateHome } = this.places;
    return [stateDir, this.swarm?.dir, stateHome, join(stateHome, "usage")].filter((dir) => dir !== undefined);
  }

  /** @param now ms since the epoch */
  read(now: number): SwarmView {
    const { stateDir, stateHome } = this.places;
    const problems: string[] = [];
    const attempt = <T>(read: () => T, otherwise: T): T => {
      try {
        return read();
      } catch (error) {
        problems.push(messageOf(error));
        return otherwise;
      }
    };
    attempt(() => this.swarm?.look(), undefined);
    if (this.swarm?.problem !== undefined) problems.push(this.swarm.problem);
    this.lastBook = attempt(() => this.usage.read(), new UsageBook());
    return viewOf({
      now,
      swarm: this.swarm?.state,
      live: attempt(() => (stateDir === undefined ? undefined : readLive(stateDir)), undefined),
      usage: this.lastBook.total("day", now),
      limits: attempt(() => readJson(join(stateHome, "limits.json"), limitsFile)?.windows ?? [], []),
      fusion: attempt(
        () => readJson(join(stateHome, "fusion.json"), fusionStateSchema) ?? NO_FUSION_STATE,
        NO_FUSION_STATE,
      ),
      problems,
      language: this.places.language,
    });
  }
}
