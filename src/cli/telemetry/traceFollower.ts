import { OtlpTraces } from "../../adapters/telemetry/otlpTraces.ts";
import { type Traced, traceSpans } from "../../core/trace/traceSpans.ts";
import { messageOf } from "../../ports/thrown.ts";

/** Spans are sent this often (ms) while a swarm goes on. */
const EVERY_MS = 2_000;

/** Sends what has ended of the newest swarm, as it ends. */
export class TraceFollower {
  private readonly look: () => Traced | undefined;
  private readonly otlp: OtlpTraces;
  private readonly tell: (problem: string) => void;
  private readonly sent = new Map<string, Set<string>>();
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<number> | undefined;
  private told = "";

  /** @param look at the newest swarm; @param tell hears once of each new reason why spans cannot be sent; they are tried again */
  constructor(look: () => Traced | undefined, to: { url: string; version: string }, tell: (problem: string) => void) {
    this.look = look;
    this.otlp = new OtlpTraces(to.url, to.version);
    this.tell = tell;
  }

  start(): void {
    this.timer = setInterval(() => void this.attempt(), EVERY_MS);
    void this.attempt();
  }

  /** Sends what is new. @returns how many spans. @throws where the endpoint does not take them */
  async send(): Promise<number> {
    const traced = this.look();
    if (!traced) return 0;
    const { id } = traced.swarm;
    const known = this.sent.get(id) ?? new Set<string>();
    this.sent.set(id, known);
    const fresh = traceSpans(traced).filter(({ key }) => !known.has(key));
    if (fresh.length > 0) await this.otlp.send(id, fresh);
    for (const { key } of fresh) known.add(key);
    return fresh.length;
  }

  /** Sends the rest and ends; an endpoint that took nothing before is not waited for. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    if (this.sending) await this.attempt();
    if (this.told === "") await this.attempt();
    await this.otlp.close();
  }

  private async attempt(): Promise<void> {
    // One at a time: a slow endpoint would get everything twice.
    this.sending ??= this.send().finally(() => {
      this.sending = undefined;
    });
    try {
      await this.sending;
      this.told = "";
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.told) this.tell(problem);
      this.told = problem;
    }
  }
}
