import { isObject, type Json, type JsonObject, parseJson } from "./json.ts";
import { readLenient } from "./lenientJson.ts";

const KEY = '"arguments"';

/** The request is sent again with every turn, and its history mended again: a few notes say enough. */
const MOST_NOTES = 3;
const NOTE_CHARACTERS = 500;

export interface RepairedHistory {
  body: string;
  /** Calls whose arguments are other bytes now. */
  repaired: number;
  /** The first of them, for the log. */
  notes: { before: string; after: string }[];
}

/**
 * Makes malformed `tool_calls[].function.arguments` in a request's messages valid JSON objects: a server that gets one
 * back answers 400 for the rest of the session (vllm#47761). Arguments that cannot be read are kept as text under
 * `malformed_arguments`, so that the model still sees what it sent.
 *
 * @param body the request body as text
 * @returns the very same text where every call is well-formed; else only the malformed arguments are other bytes
 */
export function repairHistory(body: string): RepairedHistory {
  if (!mayBeMalformed(body)) return { body, repaired: 0, notes: [] };
  const parsed = parseJson(body);
  const meant = new Map<string, string>();
  const notes: RepairedHistory["notes"] = [];
  let repaired = 0;
  for (const call of callsIn(parsed)) {
    const given = call.arguments;
    if (typeof given !== "string" || isObject(parseJson(given))) continue;
    const right = JSON.stringify(objectMeant(given));
    meant.set(given, right);
    call.arguments = right;
    repaired += 1;
    if (notes.length < MOST_NOTES)
      notes.push({ before: given.slice(0, NOTE_CHARACTERS), after: right.slice(0, NOTE_CHARACTERS) });
  }
  if (repaired === 0 || parsed === undefined) return { body, repaired: 0, notes: [] };
  const whole = JSON.stringify(parsed);
  const spliced = withArguments(body, meant);
  return { body: JSON.stringify(parseJson(spliced)) === whole ? spliced : whole, repaired, notes };
}

/** The body with other arguments in the place of those that are mended; not a byte of it is another but these. */
function withArguments(body: string, meant: ReadonlyMap<string, string>): string {
  const pieces: string[] = [];
  let from = 0;
  for (const { start, end, text } of argumentsIn(body)) {
    const right = meant.get(text);
    if (right === undefined || start < from) continue;
    pieces.push(body.slice(from, start), JSON.stringify(right));
    from = end;
  }
  return [...pieces, body.slice(from)].join("");
}

/** Looks at the arguments alone: parsing a whole conversation each time would cost more than all the rest. */
function mayBeMalformed(body: string): boolean {
  for (const { text } of argumentsIn(body)) if (!isObject(parseJson(text))) return true;
  return false;
}

/**
 * Every string behind a raw `"arguments":`, and where its literal stands. Such a key cannot stand inside a JSON text: its
 * quotes would be escaped there.
 */
function* argumentsIn(body: string): Generator<{ start: number; end: number; text: string }> {
  for (let at = body.indexOf(KEY); at >= 0; at = body.indexOf(KEY, at + 1)) {
    let start = at + KEY.length;
    while (/[\s:]/.test(body[start] ?? "x")) start += 1;
    if (body[start] !== '"') continue;
    const end = stringEnd(body, start);
    const text = parseJson(body.slice(start, end));
    if (typeof text === "string") yield { start, end, text };
  }
}

/** Where the JSON string that begins at `start` ends: behind the first quote with an even number of backslashes before it. */
function stringEnd(body: string, start: number): number {
  for (let quote = body.indexOf('"', start + 1); quote >= 0; quote = body.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (body[before] === "\\") before -= 1;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
  return body.length;
}

function callsIn(body: Json | undefined): JsonObject[] {
  if (!isObject(body) || !Array.isArray(body.messages)) return [];
  return body.messages
    .filter(isObject)
    .flatMap((message) => (Array.isArray(message.tool_calls) ? message.tool_calls : []))
    .flatMap((call) => (isObject(call) && isObject(call.function) ? [call.function] : []));
}

function objectMeant(text: string): JsonObject {
  if (text.trim() === "") return {};
  const value = parseJson(text) ?? readLenient(text)?.value;
  const inner = typeof value === "string" ? parseJson(value) : value;
  return isObject(inner) ? inner : { malformed_arguments: text };
}
