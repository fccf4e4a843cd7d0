import { z } from "zod";
import type { UsageRow } from "./usageRow.ts";

const count = z.number().min(0);

/** What one agent had of one provider within a bucket. `latencies` are [ms, times]. */
const cellSchema = z.object({
  provider: z.string(),
  agent: z.string(),
  requests: count,
  errors: count,
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
 * The requests of one minute, hour or day, by provider and agent. Latencies keep three significant digits, as an HDR
 * histogram does: up to 999 ms they are exact, above that within 0.5 %.
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
    this.merge({
      provider: row.provider,
      agent: row.agent,
      requests: 1,
      errors: row.success ? 0 : 1,
      cacheHits: row.cacheHit ? 1 : 0,
      input: row.input,
      output: row.output,
      duration: row.duration,
      latencies: [[threeDigits(row.duration), 1]],
    });
  }

  merge(cell: UsageCell): void {
    const key = `${cell.provider}\u0000${cell.agent}`;
    const known = this.tallies.get(key);
    const tally: Tally = known ?? {
      provider: cell.provider,
      agent: cell.agent,
      ...{ requests: 0, errors: 0, cacheHits: 0, input: 0, output: 0, duration: 0 },
      latencies: new Map(),
    };
    if (!known) this.tallies.set(key, tally);
    for (const name of ["requests", "errors", "cacheHits", "input", "output", "duration"] as const)
      tally[name] += cell[name];
    for (const [ms, times] of cell.latencies) tally.latencies.set(ms, (tally.latencies.get(ms) ?? 0) + times);
  }

  get cells(): UsageCell[] {
    return [...this.tallies.values()].map((tally) => ({ ...tally, latencies: [...tally.latencies] }));
  }

  toJSON(): TimeBucketData {
    return { start: this.start, cells: this.cells };
  }
}

function threeDigits(ms: number): number {
  return ms < 1000 ? Math.round(ms) : Number(ms.toPrecision(3));
}
