/** One span of a swarm's trace. Times in ms since the epoch. */
export interface TraceSpan {
  /** The same for the same span whoever makes it, and whenever. */
  key: string;
  /** null for the swarm itself. */
  parent: string | null;
  name: string;
  kind: "internal" | "client";
  start: number;
  end: number;
  attributes: Record<string, string | number | boolean | string[]>;
  /** Why it failed. */
  error?: string;
}
