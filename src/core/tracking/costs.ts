import type { PriceOf } from "../routing/prices.ts";
import { LOCAL, providerId } from "../routing/providers.ts";
import type { UsageCell } from "./timeBucket.ts";
import { energyOf, tokenCost } from "./usageReport.ts";

/** What requests cost: tokens by list price, and for the house's own GPU the electricity. */
export interface Tariff {
  priceOf: PriceOf;
  /** Power of the GPU while it works. */
  watts: number;
  /** US dollars. */
  pricePerKwh: number;
}

export interface Costs {
  /** The GPU's energy. */
  kwh: number;
  /** US dollars of a cell, its share of the electricity included; undefined where its price is unknown. */
  of(cell: UsageCell): number | undefined;
  /** US dollars of one of the buckets, as far as prices are known. */
  ofBucket(bucket: { cells: readonly UsageCell[] }): number;
}

/**
 * Costs over the buckets of one window. The GPU's energy is shared among those whose requests it worked on, by their time.
 *
 * @param lengthMs of each bucket
 */
export function costsOf(buckets: readonly { cells: readonly UsageCell[] }[], lengthMs: number, tariff: Tariff): Costs {
  const tokens = (cell: UsageCell) => tokenCost(cell, tariff.priceOf(cell.provider, cell.model));
  const kwhOf = ({ cells }: { cells: readonly UsageCell[] }) =>
    energyOf([{ busyMs: localMs(cells), lengthMs }], tariff.watts);
  const kwh = buckets.reduce((sum, bucket) => sum + kwhOf(bucket), 0);
  const busy = buckets.reduce((sum, { cells }) => sum + localMs(cells), 0);
  return {
    kwh,
    of: (cell) => {
      const cost = tokens(cell);
      const power = isLocal(cell) && busy > 0 ? kwh * tariff.pricePerKwh * (cell.duration / busy) : 0;
      return cost === undefined ? undefined : cost + power;
    },
    ofBucket: (bucket) =>
      bucket.cells.reduce((sum, cell) => sum + (tokens(cell) ?? 0), 0) + kwhOf(bucket) * tariff.pricePerKwh,
  };
}

function isLocal({ provider }: UsageCell): boolean {
  return providerId(provider) === LOCAL;
}

function localMs(cells: readonly UsageCell[]): number {
  return cells.reduce((sum, cell) => sum + (isLocal(cell) ? cell.duration : 0), 0);
}
