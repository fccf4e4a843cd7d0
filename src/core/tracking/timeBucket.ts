import { z } from "zod";
import type { UsageRow } from "./usageRow.ts";

const count = z.number().min(0);

/** What one agent had of one provider's model within a bucket. `latencies` are [ms, times]. */
const cellSchema = z.object({
  provider: z.string(),
  agent: z.string(),
  model: z.string().optional(),
  requests: count,
  errors: count,
  /** Answers that were cut; in no error and no success. Older books do not have it. */
  cut: count.default(0),
  cacheHits: count,
  input: count,
  output: count,
  /** ms, summed. */
  duration: count,
  latencies: z.array(z.tuple([count, count])),
});
export type UsageCell = z.infer<typeof cellSchema>;

export const timeBucketSchema = z.object({ start: z.number(), cells: z.array(cellSchema) });
export type TimeBucketData = z.infer<typeof timeBucketSchema>;

interface Tally extends Omit<UsageCell, "latencies"> {
  latencies: Map<number, number>;
}

/**
 * The requests of one minute, hour or day, by provider, agent and model. Latencies are an HDR histogram of three significant
 * digits: up to 999 ms they are exact, above that within 0.5 %. It is kept as the values that were seen, not as a table of
 * all that could be: 114 buckets of several agents would hold 54 KB each (hdr-histogram-js 3.0.1, up to an hour), and these
 * pairs are what the snapshot is made of.
 */
export class TimeBucket {
  /** ms since the epoch. */
  readonly start: number;
  private readonly tallies = new Map<string, Tally>();

  constructor(start: number, data: readonly UsageCell[] = []) {
    this.start = start;
    for (const cell of data) this.merge(cell);
  }

  record(row: Omit<UsageRow, "at">): void {
    const tally = this.tallyOf(row);
    tally.requests += 1;
    if (row.cut) tally.cut += 1;
    else if (!row.success) tally.errors += 1;
    if (row.cacheHit) tally.cacheHits += 1;
    tally.input += row.input;
    tally.output += row.output;
    tally.duration += row.duration;
    const ms = threeDigits(row.duration);
    tally.latencies.set(ms, (tally.latencies.get(ms) ?? 0) + 1);
  }

  merge(cell: UsageCell): void {
    const tally = this.tallyOf(cell);
    for (const name of ["requests", "errors", "cut", "cacheHits", "input", "output", "duration"] as const)
      tally[name] += cell[name];
    for (const [ms, times] of cell.latencies) tally.latencies.set(ms, (tally.latencies.get(ms) ?? 0) + times);
  }

  private tallyOf({ provider, agent, model }: Pick<UsageCell, "provider" | "agent" | "model">): Tally {
    const key = `${provider}\u0000${agent}\u0000${model ?? ""}`;
    const known = this.tallies.get(key);
    if (known) return known;
    const counts = { requests: 0, errors: 0, cut: 0, cacheHits: 0, input: 0, output: 0, duration: 0 };
    const of = model === undefined ? { provider, agent } : { provider, agent, model };
    const tally: Tally = { ...of, ...counts, latencies: new Map() };
    this.tallies.set(key, tally);
    return tally;
  }

  get cells(): UsageCell[] {
    return [...this.tallies.values()].map((tally) => ({ ...tally, latencies: [...tally.latencies] }));
  }

  toJSON(): TimeBucketData {
    return { start: this.start, cells: this.cells };
  }
}

/** Not by way of text: this runs for every event in three buckets. */
function threeDigits(ms: number): number {
  let step = 1;
  while (ms >= 1000 * step) step *= 10;
  return Math.round(ms / step) * step;
}
