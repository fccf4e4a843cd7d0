import type { UsageRow } from "../../src/core/tracking/usageRow.ts";
import type { LiveView } from "../../src/core/workflow/dashboard.ts";
import { addedTokens, type Tokens } from "../../src/core/workflow/model.ts";
import type { GateEvent } from "../../src/runtime/modelGate/gateEvents.ts";

/** An assistant's message as the host tells it; one message is one model request. */
export interface AnsweredMessage {
  id: string;
  session: string;
  agent: string;
  /** The host's name. */
  provider: string;
  /** As the provider's API names it. */
  model?: string | undefined;
  created: number;
  completed: number;
  /** The error's name, where it ended in one. */
  error: string | undefined;
  tokens: { input: number; output: number; cached: number };
}

/** Messages of the past that may still be told once more. */
const REMEMBERED = 1_000;
/** A person's stop is no failure of the provider's, and no answer. */
const STOPPED = "MessageAbortedError";

/** Records every answer once, with the host's tokens; how long it took, the model gate knows better where it saw it. */
export class UsageRecorder {
  private readonly record: (row: UsageRow) => void;
  private readonly providerOf: (hostProvider: string) => string;
  private readonly seen = new Set<string>();
  private readonly took = new Map<string, number>();
  /** Sessions whose turn the gate ended in the model's place, and when the report came that ended it. */
  private readonly spared = new Map<string, number>();
  /** Sessions whose newest answer did not come to its end, as the gate saw it. */
  private readonly cut = new Set<string>();

  /** @param record must not throw; @param providerOf the registry's id for the host's name of a provider */
  constructor(record: (row: UsageRow) => void, providerOf: (hostProvider: string) => string) {
    this.record = record;
    this.providerOf = providerOf;
  }

  request(event: GateEvent): void {
    if (event.type === "spared") {
      this.spared.set(event.session, event.reportedAt);
      forgetOldest(this.spared);
    }
    // A request for a title or a summary offers no tool, and its session's message is another one.
    if ((event.type === "runaway" && event.tools > 0) || (event.type === "failed" && event.midStream)) {
      this.cut.add(event.session);
      forgetOldest(this.cut);
    }
    if (event.type !== "answered") return;
    this.cut.delete(event.session);
    this.took.delete(event.session);
    this.took.set(event.session, event.totalMs);
    forgetOldest(this.took);
  }

  /** @returns whether it is a model's answer that was not told before */
  message(message: AnsweredMessage): boolean {
    if (this.seen.has(message.id)) return false;
    this.seen.add(message.id);
    forgetOldest(this.seen);
    const { session, agent, model, tokens, error, created, completed } = message;
    const reportedAt = this.spared.get(session);
    // The first message that was begun behind the report is the gate's own: no model was asked.
    if (reportedAt !== undefined && created >= reportedAt) {
      this.spared.delete(session);
      return false;
    }
    const duration = this.took.get(session) ?? completed - created;
    this.took.delete(session);
    const cut = this.cut.delete(session) || error === STOPPED;
    this.record({
      at: completed,
      provider: this.providerOf(message.provider),
      agent,
      ...(model ? { model } : {}),
      duration: Math.max(0, Math.round(duration)),
      success: error === undefined && !cut,
      ...(cut ? { cut } : {}),
      cacheHit: tokens.cached > 0,
      input: Math.max(0, Math.round(tokens.input)),
      output: Math.max(0, Math.round(tokens.output)),
    });
    return true;
  }

  forget(session: string): void {
    this.took.delete(session);
    this.spared.delete(session);
    this.cut.delete(session);
  }
}

/** Adds an answer's tokens to what its Worker has used. */
export function addTokens(live: Map<string, LiveView>, worker: string, more: Tokens): void {
  const view = live.get(worker);
  live.set(worker, { ...view, tokens: view?.tokens ? addedTokens(view.tokens, more) : more });
}

function forgetOldest(known: Set<string> | Map<string, unknown>): void {
  if (known.size <= REMEMBERED) return;
  const [oldest] = known.keys();
  if (oldest !== undefined) known.delete(oldest);
}
