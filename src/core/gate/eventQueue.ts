import { isObject, type Json, type JsonObject } from "./json.ts";
import { append, withData } from "./sse.ts";

/** An event of the stream on its way through, and what was done to it. */
export interface StreamEvent {
  /** Counts up from 0. */
  order: number;
  bytes: Uint8Array;
  text: string;
  /** The parsed data where it is an object; edits are made in place and `changed` set. */
  chunk: JsonObject | undefined;
  changed: boolean;
  /** Chunks to send before it. */
  before: JsonObject[];
}

/** Events in their order: what is not in doubt leaves at once, as the bytes it came in. */
export interface EventQueue {
  add(bytes: Uint8Array, text: string, chunk: JsonObject | undefined): StreamEvent;
  /** Sends everything before the event of that order. */
  release(order: number, out: Uint8Array[]): void;
  /** Bytes held. */
  held(): number;
}

const encoder = new TextEncoder();

export function queueEvents(): EventQueue {
  let events: StreamEvent[] = [];
  let next = 0;
  let held = 0;
  return {
    add(bytes, text, chunk) {
      const event: StreamEvent = { order: next, bytes, text, chunk, changed: false, before: [] };
      next += 1;
      held += bytes.length;
      events.push(event);
      return event;
    },
    release(order, out) {
      let count = 0;
      for (const event of events) {
        if (event.order >= order) break;
        count += 1;
        held -= event.bytes.length;
        send(event, out);
      }
      if (count > 0) events = count === events.length ? [] : events.slice(count);
    },
    held: () => held,
  };
}

function send(event: StreamEvent, out: Uint8Array[]): void {
  for (const chunk of event.before) append(out, encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`));
  if (!event.changed || !event.chunk) append(out, event.bytes);
  else if (!isHollow(event.chunk)) append(out, encoder.encode(withData(event.text, JSON.stringify(event.chunk))));
}

/** Whether nothing is left in a chunk that was edited. */
function isHollow(chunk: JsonObject): boolean {
  if (chunk.usage !== undefined && chunk.usage !== null) return false;
  return choicesOf(chunk).every((choice) => {
    if (typeof choice.finish_reason === "string") return false;
    const delta = isObject(choice.delta) ? choice.delta : {};
    return Object.values(delta).every((member) => member === null || member === "");
  });
}

/** The choices of a chunk that are objects. */
export function choicesOf(chunk: JsonObject): JsonObject[] {
  return Array.isArray(chunk.choices) ? chunk.choices.filter(isObject) : [];
}

/** A chunk of our own beside those of the server: same id, model and time. */
export function chunkLike(like: JsonObject, index: number, delta: JsonObject, finish: Json = null): JsonObject {
  const { choices: _choices, usage: _usage, ...head } = like;
  return { ...head, choices: [{ index, delta, logprobs: null, finish_reason: finish }] };
}
