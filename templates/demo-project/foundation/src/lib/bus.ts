import type { BoardEvent } from "../types.js";

type Listener = (event: BoardEvent) => void;

export interface Bus {
  publish(event: BoardEvent): void;
  /** Returns the function that ends the subscription. */
  subscribe(listener: Listener): () => void;
}

/** Tells every listener of every event, in the order of subscription. */
export function createBus(): Bus {
  const listeners = new Set<Listener>();
  return {
    publish(event) {
      for (const listener of listeners) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
