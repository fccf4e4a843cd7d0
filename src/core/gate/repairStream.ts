import { type ChoiceRepair, repairChoice } from "./choiceRepair.ts";
import { choicesOf, queueEvents } from "./eventQueue.ts";
import { isObject, type JsonObject, parseJson } from "./json.ts";
import type { OfferedTool } from "./offeredTools.ts";
import {
  allowsOf,
  EVERY_REPAIR,
  emptyLedger,
  type RepairReport,
  type RepairSwitches,
  type RunawayKind,
  record,
} from "./report.ts";
import { append, dataOf, frameEvents } from "./sse.ts";
import { usageOf } from "./tokenUsage.ts";

/** The repair of one response, a `text/event-stream` of chat completion chunks. */
export interface StreamRepair {
  /** Takes bytes as they come, returns what may go on. After a runaway was cut it returns nothing any more. */
  push(chunk: Uint8Array): Uint8Array[];
  /** The server closed the stream: returns what was held. */
  end(): Uint8Array[];
  /** What was done so far. `runaway` set: abort the request at the server, the stream has been closed cleanly. */
  report(): RepairReport;
}

export interface RepairInput {
  /** What the request offered (`offeredTools`). None: only runaways are looked for. */
  tools: readonly OfferedTool[];
  /** Default: everything on. */
  switches?: RepairSwitches;
}

/** More is never held, nor taken as one event; beyond it everything passes as it comes. Bytes. */
export const MOST_HELD = 8 * 1024 * 1024;
const DONE = "[DONE]";

/**
 * Starts the repair of one streamed response. What is right passes byte for byte; of what may be wrong only the piece in
 * doubt is held: text that may be a call, and a call's arguments until the call is whole.
 */
export function createRepair(input: RepairInput): StreamRepair {
  const allows = allowsOf(input.switches ?? EVERY_REPAIR);
  const ledger = emptyLedger();
  const framer = frameEvents();
  const queue = queueEvents();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const choices = new Map<number, ChoiceRepair>();
  let last: JsonObject = {};
  let closed = false;
  let raw = false;

  function choiceOf(index: number): ChoiceRepair {
    const found = choices.get(index);
    if (found) return found;
    const made = repairChoice(index, { tools: input.tools, allows, ledger });
    choices.set(index, made);
    return made;
  }

  function take(bytes: Uint8Array, out: Uint8Array[]): void {
    const text = decoder.decode(bytes);
    const data = dataOf(text);
    const parsed = data === undefined || data === DONE ? undefined : parseJson(data);
    const chunk = isObject(parsed) ? parsed : undefined;
    if (data === DONE) settle(out);
    const event = queue.add(bytes, text, chunk);
    let runaway: { kind: RunawayKind; choice: number } | undefined;
    if (chunk) {
      const list = choicesOf(chunk);
      if (list.length > 0) last = chunk;
      ledger.usage = usageOf(chunk.usage) ?? ledger.usage;
      for (const choice of list) {
        const index = typeof choice.index === "number" ? choice.index : 0;
        if (index === 0 && typeof choice.finish_reason === "string") ledger.finish = choice.finish_reason;
        const kind = choiceOf(index).take(event, choice);
        if (kind) runaway ??= { kind, choice: index };
      }
    }
    if (runaway) {
      close(runaway, out);
      return;
    }
    queue.release(firstDoubt(), out);
    if (queue.held() <= MOST_HELD) return;
    for (const choice of choices.values()) choice.letGo();
    queue.release(Number.POSITIVE_INFINITY, out);
  }

  function firstDoubt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const choice of choices.values()) first = Math.min(first, choice.doubt());
    return first;
  }

  function send(chunks: readonly JsonObject[], out: Uint8Array[]): void {
    for (const chunk of chunks) append(out, encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`));
  }

  function settle(out: Uint8Array[]): void {
    const chunks = [...choices.values()].flatMap((choice) => choice.settle(last));
    queue.release(Number.POSITIVE_INFINITY, out);
    send(chunks, out);
  }

  function close(runaway: { kind: RunawayKind; choice: number }, out: Uint8Array[]): void {
    const chunks = [...choices.values()].flatMap((choice) => choice.close(last));
    queue.release(Number.POSITIVE_INFINITY, out);
    send(chunks, out);
    append(out, encoder.encode(`data: ${DONE}\n\n`));
    ledger.runaway = runaway;
    record(ledger, { kinds: [runaway.kind], choice: runaway.choice, tool: "", before: "", after: "" });
    closed = true;
  }

  return {
    push(chunk) {
      const out: Uint8Array[] = [];
      if (closed || chunk.length === 0) return out;
      if (raw) return [chunk];
      for (const event of framer.push(chunk)) {
        take(event, out);
        if (closed) return out;
      }
      if (framer.waiting() > MOST_HELD) {
        for (const choice of choices.values()) choice.letGo();
        queue.release(Number.POSITIVE_INFINITY, out);
        append(out, framer.rest());
        raw = true;
      }
      return out;
    },
    end() {
      const out: Uint8Array[] = [];
      if (closed) return out;
      const rest = framer.rest();
      if (rest.length > 0) take(ended(rest, decoder, encoder), out);
      if (!closed) settle(out);
      return out;
    },
    report: () => ({
      counts: { ...ledger.counts },
      notes: [...ledger.notes],
      refused: [...ledger.refused],
      runaway: ledger.runaway,
      finish: ledger.finish,
      usage: ledger.usage,
      finished: closed || (choices.size > 0 && [...choices.values()].every((choice) => choice.finished())),
    }),
  };
}

/** A last event whose blank line is missing would be ignored by every reader: it gets one where its data is whole. */
function ended(rest: Uint8Array, decoder: TextDecoder, encoder: TextEncoder): Uint8Array {
  const text = decoder.decode(rest);
  const data = dataOf(text);
  if (data === undefined || (data !== DONE && parseJson(data) === undefined)) return rest;
  // Behind the bytes as they came: what is no UTF-8 stays what it is.
  const blank = encoder.encode(text.endsWith("\n") ? "\n" : "\n\n");
  const whole = new Uint8Array(rest.length + blank.length);
  whole.set(rest);
  whole.set(blank, rest.length);
  return whole;
}
