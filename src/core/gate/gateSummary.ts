import { type GateLine, gateLineSchema } from "./gateLine.ts";
import { type Percentiles, percentiles } from "./percentiles.ts";

type Answered = Extract<GateLine, { type: "answered" }>;

/** The last answers of a role or provider over which percentiles are taken; what is counted is counted over all. */
const WINDOW = 1_000;

/** What the gate did for one role, or at one provider. Times in ms. */
export interface GateRow {
  answered: number;
  /** Not sent, because a Worker's report had ended the turn. */
  spared: number;
  failed: number;
  retries: number;
  refused: number;
  runaways: number;
  /** How often each kind was repaired. */
  repairs: Record<string, number>;
  /** How answers ended, by the server's word for it. */
  finish: Record<string, number>;
  /** Waiting for a turn before anything was sent; undefined where nothing says it. */
  queueMs: Percentiles | undefined;
  /** From sending a request to the first bytes of its answer. */
  firstTokenMs: Percentiles | undefined;
  /** Between two deliveries of one answer: a token, or a few where the reader was slower. */
  interTokenMs: Percentiles | undefined;
  /** Over the answers whose server said it; `counted` is how many. */
  tokens: { prompt: number; cached: number; output: number; counted: number };
}

export interface GateSummary {
  all: GateRow;
  byRole: Record<string, GateRow>;
  byProvider: Record<string, GateRow>;
}

/**
 * Folds the gate's log.
 *
 * @param lines parsed lines; those of another shape are left out
 * @param since ms since the epoch; what is older is left out
 */
export function summariseGate(lines: Iterable<unknown>, since = 0): GateSummary {
  const all = newTally();
  const roles = new Map<string, Tally>();
  const providers = new Map<string, Tally>();
  for (const each of lines) {
    const line = gateLineSchema.safeParse(each).data;
    if (!line || Date.parse(line.at) < since) continue;
    for (const tally of [all, tallyOf(roles, line.role), tallyOf(providers, line.provider)]) add(tally, line);
  }
  const rows = (tallies: Map<string, Tally>) =>
    Object.fromEntries([...tallies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, tally]) => [name, rowOf(tally)]));
  return { all: rowOf(all), byRole: rows(roles), byProvider: rows(providers) };
}

interface Tally {
  row: Omit<GateRow, "queueMs" | "firstTokenMs" | "interTokenMs">;
  /** The last answers, in a ring. */
  window: Pick<Answered, "firstByteMs" | "queueMs" | "gaps">[];
}

function newTally(): Tally {
  const tokens = { prompt: 0, cached: 0, output: 0, counted: 0 };
  const row = {
    answered: 0,
    spared: 0,
    failed: 0,
    retries: 0,
    refused: 0,
    runaways: 0,
    repairs: {},
    finish: {},
    tokens,
  };
  return { row, window: [] };
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  const found = tallies.get(name) ?? newTally();
  tallies.set(name, found);
  return found;
}

function add({ row, window }: Tally, line: GateLine): void {
  switch (line.type) {
    case "answered":
      window[row.answered % WINDOW] = { firstByteMs: line.firstByteMs, queueMs: line.queueMs, gaps: line.gaps };
      row.answered += 1;
      if (line.finish !== undefined) raise(row.finish, line.finish, 1);
      if (!line.tokens) return;
      row.tokens.prompt += line.tokens.prompt;
      row.tokens.cached += line.tokens.cached ?? 0;
      row.tokens.output += line.tokens.output;
      row.tokens.counted += 1;
      return;
    case "spared":
      row.spared += 1;
      return;
    case "retry":
      row.retries += 1;
      return;
    case "failed":
      row.failed += 1;
      return;
    case "refused":
      row.refused += 1;
      return;
    case "runaway":
      row.runaways += 1;
      return;
    case "repaired":
      for (const [kind, times] of Object.entries(line.report.counts)) raise(row.repairs, kind, times);
      if (line.history > 0) raise(row.repairs, "historyArguments", line.history);
  }
}

function raise(counts: Record<string, number>, name: string, times: number): void {
  counts[name] = (Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0) + times;
}

function rowOf({ row, window }: Tally): GateRow {
  return {
    ...row,
    queueMs: percentiles(counted(window.flatMap(({ queueMs }) => (queueMs === undefined ? [] : [[queueMs, 1]])))),
    firstTokenMs: percentiles(counted(window.map(({ firstByteMs }) => [firstByteMs, 1]))),
    interTokenMs: percentiles(counted(window.flatMap(({ gaps }) => gaps))),
  };
}

function counted(pairs: readonly (readonly number[])[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [value = 0, times = 0] of pairs) counts.set(value, (counts.get(value) ?? 0) + times);
  return counts;
}
