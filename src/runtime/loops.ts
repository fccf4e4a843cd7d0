/** Calls of tools that wait or show state: the same call again is how they are meant to be used. */
const REPEATABLE = new Set(["await_workers", "worker_status"]);

/** Further rounds after the correction before a session is given up. */
const PATIENCE = 3;

/** Longest circle that is looked for: A, or A B A B, or A B C A B C. */
const LONGEST_CIRCLE = 3;

export type LoopVerdict = "pass" | "correct" | "give-up";

interface Seen {
  /** The last calls, oldest first. */
  calls: string[];
  /** The last failure, and how often in a row it came. */
  failure: { call: string; text: string; times: number };
}

/** Finds sessions that go round in circles: the same calls again, or the same failure whatever else changes. */
export class Loops {
  private readonly seen = new Map<string, Seen>();
  private readonly limit: number;

  /** @param limit rounds in a row that count as a loop. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** What to do about this call: let it pass, correct the model, or give the session up. */
  see(session: string, tool: string, args: unknown): LoopVerdict {
    if (REPEATABLE.has(tool)) return "pass";
    const { calls } = this.of(session);
    calls.push(`${tool} ${JSON.stringify(args)}`);
    if (calls.length > LONGEST_CIRCLE * (this.limit + PATIENCE)) calls.shift();
    let verdict: LoopVerdict = "pass";
    for (let circle = 1; circle <= LONGEST_CIRCLE; circle += 1) {
      const rounds = Math.floor(lengthOfCircle(calls, circle) / circle);
      if (rounds >= this.limit + PATIENCE) return "give-up";
      if (rounds >= this.limit) verdict = "correct";
    }
    return verdict;
  }

  /** A call failed with `text`, a gate's refusal or the host's. Says "correct" once, at the limit. */
  failed(session: string, call: string, tool: string, text: string): LoopVerdict {
    const seen = this.of(session);
    if (seen.failure.call === call) return "pass";
    const same = seen.failure.text === `${tool} ${text}`;
    const times = same ? seen.failure.times + 1 : 1;
    seen.failure = { call, text: `${tool} ${text}`, times };
    if (times >= this.limit + PATIENCE) return "give-up";
    return times === this.limit ? "correct" : "pass";
  }

  /** A call did what it should. */
  worked(session: string): void {
    this.of(session).failure = { call: "", text: "", times: 0 };
  }

  forget(session: string): void {
    this.seen.delete(session);
  }

  private of(session: string): Seen {
    const known = this.seen.get(session) ?? { calls: [], failure: { call: "", text: "", times: 0 } };
    this.seen.set(session, known);
    return known;
  }
}

/** How many of the last calls are one circle of `circle` different steps gone round and round. */
function lengthOfCircle(calls: readonly string[], circle: number): number {
  let length = circle;
  while (length < calls.length && calls.at(-1 - length) === calls.at(-1 - length + circle)) length += 1;
  return Math.min(length, calls.length);
}
