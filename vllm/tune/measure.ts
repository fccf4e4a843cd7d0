/** What a run of a trace gave. */
export interface Measurement {
  requests: number;
  /** Requests that were refused or broke off. */
  failed: number;
  outputTokens: number;
  /** From the first request to the end of the last answer. */
  durationMs: number;
  /** Generated tokens in a second, over all sessions. */
  tokensPerSecond: number;
  ttftMs: { p50: number; p95: number };
  itlMs: { p50: number; p95: number };
  /** Part of the prompt tokens found in the prefix cache; undefined where the server does not say. */
  cachedShare: number | undefined;
  preemptions: number | undefined;
}

/** The value below which `share` of the sorted values lie; 0 of none. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Collects what requests do. Milliseconds. */
export class Recorder {
  private readonly ttft: number[] = [];
  private readonly itl: number[] = [];
  private outputTokens = 0;
  private promptTokens = 0;
  private cachedTokens: number | undefined;
  private requests = 0;
  private failed = 0;

  firstToken(ms: number): void {
    this.ttft.push(ms);
    this.outputTokens += 1;
  }

  /** `tokens` came `ms` after what came before them. */
  nextTokens(ms: number, tokens = 1): void {
    for (let index = 0; index < tokens; index += 1) this.itl.push(ms / tokens);
    this.outputTokens += tokens;
  }

  request(promptTokens: number, cachedTokens: number | undefined): void {
    this.requests += 1;
    this.promptTokens += promptTokens;
    if (cachedTokens !== undefined) this.cachedTokens = (this.cachedTokens ?? 0) + cachedTokens;
  }

  fail(): void {
    this.requests += 1;
    this.failed += 1;
  }

  result(durationMs: number, preemptions: number | undefined): Measurement {
    const of = (values: readonly number[]) => {
      const sorted = Float64Array.from(values).sort();
      return { p50: round(quantile([...sorted], 0.5), 2), p95: round(quantile([...sorted], 0.95), 2) };
    };
    return {
      requests: this.requests,
      failed: this.failed,
      outputTokens: this.outputTokens,
      durationMs: round(durationMs),
      tokensPerSecond: durationMs === 0 ? 0 : round((this.outputTokens / durationMs) * 1000),
      ttftMs: of(this.ttft),
      itlMs: of(this.itl),
      cachedShare:
        this.cachedTokens === undefined || this.promptTokens === 0
          ? undefined
          : round(this.cachedTokens / this.promptTokens, 4),
      preemptions,
    };
  }
}
