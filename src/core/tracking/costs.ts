import { LOCAL, providerId } from "../routing/providers.ts";
import type { UsageCell } from "./timeBucket.ts";
import { energyOf, type Price, tokenCost } from "./usageReport.ts";

/** What requests cost: tokens by list price, and for the house's own GPU the electricity. */
export interface Tariff {
  /** By the registry's id; a provider without a price costs nothing. */
  priceOf(provider: string): Price | undefined;
  /** Power of the GPU while it works. */
  watts: number;
  /** US dollars. */
  pricePerKwh: number;
}

export interface Costs {
  /** The GPU's energy. */
  kwh: number;
  /** US dollars of a cell, its share of the electricity included. */
  of(cell: UsageCell): number;
  /** US dollars of one of the buckets. */
  ofBucket(bucket: { cells: readonly UsageCell[] }): number;
}

/**
 * Costs over the buckets of one window. The GPU's energy is shared among those whose requests it worked on, by their time.
 *
 * @param lengthMs of each bucket
 */
export function costsOf(buckets: readonly { cells: readonly UsageCell[] }[], lengthMs: number, tariff: Tariff): Costs {
  const priceOf = ({ provider }: UsageCell) => tariff.priceOf(providerId(provider));
  const kwhOf = ({ cells }: { cells: readonly UsageCell[] }) =>
    energyOf([{ busyMs: localMs(cells), lengthMs }], tariff.watts);
  const kwh = buckets.reduce((sum, bucket) => sum + kwhOf(bucket), 0);
  const busy = buckets.reduce((sum, { cells }) => sum + localMs(cells), 0);
  return {
    kwh,
    of: (cell) =>
      tokenCost(cell, priceOf(cell)) +
      (isLocal(cell) && busy > 0 ? kwh * tariff.pricePerKwh * (cell.duration / busy) : 0),
    ofBucket: (bucket) =>
      bucket.cells.reduce((sum, cell) => sum + tokenCost(cell, priceOf(cell)), 0) + kwhOf(bucket) * tariff.pricePerKwh,
  };
}

function isLocal({ provider }: UsageCell): boolean {
  return providerId(provider) === LOCAL;
}

function localMs(cells: readonly UsageCell[]): number {
  return cells.reduce((sum, cell) => sum + (isLocal(cell) ? cell.duration : 0), 0);
}
