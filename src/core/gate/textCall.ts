import { coerce } from "./coerce.ts";
import { isObject, type JsonObject, losesDigits, parseJson } from "./json.ts";
import { keyMeant } from "./keyAlias.ts";
import { readMended } from "./mendedJson.ts";
import type { OfferedTool } from "./offeredTools.ts";
import { type CallEnd, repairArguments } from "./repairArguments.ts";
import type { Allows, RepairKind } from "./report.ts";
import { accepts, alternatives, propertiesOf } from "./schema.ts";
import { toolMeant, withinOneEdit } from "./toolName.ts";

/** A call found in text, ready to be sent as a real one. */
export interface TextCall {
  name: string;
  /** JSON. */
  arguments: string;
  kinds: RepairKind[];
}

interface Raw {
  name: string;
  kind: RepairKind;
  /** What reading it took beside its kind. */
  mended?: readonly RepairKind[];
  /** Values as text, to be typed by the schema. */
  values?: JsonObject;
  /** Arguments as JSON. */
  json?: string;
}

/** Wrong ends of values are tried at most so often: text full of tags may not cost more than a few milliseconds. */
const MOST_STEPS = 2000;
const NOTHING: Allows = () => false;
const SPACE = /\s*/y;
const OPEN_CALL = /<tool_call>\s*/y;
const OPEN_FUNCTION = /<function\s*=\s*"?([^>"\s<]+)"?\s*>/y;
// `<parameter=command=create</parameter>`: QwenLM/Qwen3-Coder#457.
const OPEN_PARAMETER = /<parameter\s*=\s*"?([\w.-]+)"?\s*[>=]/y;
const CLOSE_FUNCTION = /\s*<\/function>/y;
const CLOSE_CALL = /\s*<\/tool_call>/y;
const CLOSE_PARAMETER = "</parameter>";
/** What may follow the last call: stray closers (QwenLM/Qwen3.8#178, ollama#16686) and end marks. */
const ONLY_CLOSERS = /(?:\s|<\/[\w.:-]+>|<\|\w+\|>)*$/y;
const FENCED = /^(`{3,})[ \t]*\w*[ \t]*\r?\n([\s\S]*?)\n?[ \t]*\1\s*$/;

/**
 * The calls that a text at the end of a turn is made of, or undefined where any part of it could be something else: then
 * it stays text. Every call must name an offered tool and fit its schema.
 *
 * @param text from the first tag (or fence) to the end of the turn
 */
export function readTextCalls(
  text: string,
  tools: readonly OfferedTool[],
  allows: Allows,
  end: CallEnd,
): TextCall[] | undefined {
  const raw = text.startsWith("`") ? fenced(text, tools) : new TagReader(text, tools, allows, end).calls();
  if (!raw || raw.length === 0) return undefined;
  const calls: TextCall[] = [];
  for (const call of raw) {
    const typed = allows(call.kind) ? typedCall(call, tools, allows, end) : undefined;
    if (!typed) return undefined;
    calls.push(typed);
  }
  return calls;
}

function typedCall(raw: Raw, tools: readonly OfferedTool[], allows: Allows, end: CallEnd): TextCall | undefined {
  const guess = toolMeant(raw.name, tools);
  if (!guess || (guess.tool.name !== raw.name && !allows("toolName"))) return undefined;
  const { tool } = guess;
  const kinds: RepairKind[] = [
    raw.kind,
    ...(raw.mended ?? []),
    ...(tool.name === raw.name ? [] : (["toolName"] as const)),
  ];
  if (raw.json !== undefined) {
    const verdict = repairArguments(raw.json, tool, allows, end);
    if (verdict.kind === "refused") return undefined;
    const text = verdict.kind === "repaired" ? verdict.text : raw.json;
    const value = parseJson(text);
    if (value === undefined || !accepts(value, tool.schema, tool.schema)) return undefined;
    return {
      name: tool.name,
      arguments: text,
      kinds: [...kinds, ...(verdict.kind === "repaired" ? verdict.kinds : [])],
    };
  }
  // Values come as text whatever their type: reading them by the schema is no repair of its own.
  const typing: readonly RepairKind[] = ["scalar", "stringified", "singleItem"];
  const coerced = coerce(raw.values ?? {}, tool.schema, (kind) => typing.includes(kind) || allows(kind));
  if (!accepts(coerced.value, tool.schema, tool.schema) || losesDigits(coerced.value)) return undefined;
  return {
    name: tool.name,
    arguments: JSON.stringify(coerced.value),
    kinds: [...kinds, ...coerced.kinds.filter((kind) => !typing.includes(kind))],
  };
}

/** A fence that is nothing but one call: exactly a name that is offered, and arguments. */
function fenced(text: string, tools: readonly OfferedTool[]): Raw[] | undefined {
  const body = FENCED.exec(text)?.[2];
  const call = body === undefined ? undefined : callObject(body, NOTHING);
  return call && tools.some((tool) => tool.name === call.name) ? [{ ...call, kind: "fencedCall" }] : undefined;
}

function callObject(text: string, allows: Allows): (Pick<Raw, "name" | "mended"> & { json: string }) | undefined {
  const read = readMended(text, allows);
  const value = read?.value;
  if (!isObject(value) || typeof value.name !== "string") return undefined;
  const mended = read?.kinds ?? [];
  const { name, id: _id, type: _type, ...rest } = value;
  const [key, ...others] = Object.keys(rest);
  if (key === undefined || others.length > 0 || !["arguments", "parameters"].includes(key)) return undefined;
  const given = rest[key];
  if (typeof given === "string") return { name, json: given, mended };
  return isObject(given) ? { name, json: JSON.stringify(given), mended } : undefined;
}

/** Reads tags to the end of the text, trying the nearest end of every value first. */
class TagReader {
  readonly #text: string;
  readonly #tools: readonly OfferedTool[];
  readonly #allows: Allows;
  readonly #end: CallEnd;
  #steps = 0;

  constructor(text: string, tools: readonly OfferedTool[], allows: Allows, end: CallEnd) {
    this.#text = text;
    this.#tools = tools;
    this.#allows = allows;
    this.#end = end;
  }

  calls(): Raw[] | undefined {
    return this.#from(0, true);
  }

  #match(pattern: RegExp, at: number): RegExpExecArray | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.#text) ?? undefined;
  }

  #from(start: number, first: boolean): Raw[] | undefined {
    const at = start + (this.#match(SPACE, start)?.[0].length ?? 0);
    if (!first && this.#match(ONLY_CLOSERS, at)) return [];
    const open = this.#match(OPEN_CALL, at);
    const inside = at + (open?.[0].length ?? 0);
    const name = this.#match(OPEN_FUNCTION, inside);
    if (name) {
      const guess = toolMeant(name[1] ?? "", this.#tools);
      return guess && this.#parameters(inside + name[0].length, name[1] ?? "", guess.tool, {}, open !== undefined);
    }
    return open && this.#text[inside] === "{" ? this.#hermes(inside) : undefined;
  }

  #hermes(start: number): Raw[] | undefined {
    for (let at = start; at < this.#text.length; ) {
      const close = this.#text.indexOf("</tool_call>", at);
      const end = close < 0 ? this.#text.length : close;
      const again = this.#text.lastIndexOf("<tool_call>", end);
      const stop = close < 0 && again > start ? again : end;
      const call = this.#step()
        ? callObject(this.#text.slice(start, stop).trim(), this.#end.cut && close < 0 ? NOTHING : this.#allows)
        : undefined;
      const rest = call && this.#from(close < 0 ? stop : close + "</tool_call>".length, false);
      if (call && rest) return [{ ...call, kind: "hermesCall" }, ...rest];
      if (close < 0) return undefined;
      at = close + 1;
    }
    return undefined;
  }

  #step(): boolean {
    this.#steps += 1;
    return this.#steps <= MOST_STEPS;
  }

  #parameters(start: number, name: string, tool: OfferedTool, values: JsonObject, wrapped: boolean): Raw[] | undefined {
    if (!this.#step()) return undefined;
    const at = start + (this.#match(SPACE, start)?.[0].length ?? 0);
    const close = this.#match(CLOSE_FUNCTION, at);
    const done = close ? at + close[0].length : at;
    const closeCall = this.#match(CLOSE_CALL, done);
    if (close || closeCall || (done >= this.#text.length && !this.#end.cut && Object.keys(values).length > 0)) {
      if (hidesParameter(values, tool)) return undefined;
      const rest = this.#from(done + (closeCall?.[0].length ?? 0), false);
      return rest && [{ name, values, kind: wrapped ? "xmlCall" : "bareXmlCall" }, ...rest];
    }
    const open = this.#match(OPEN_PARAMETER, at);
    const key = open?.[1];
    if (!open || key === undefined || Object.hasOwn(values, key) || !knowsKey(key, tool)) return undefined;
    const from = at + open[0].length;
    for (const { end, next } of this.#ends(from)) {
      const value = trimOneLine(this.#text.slice(from, end));
      if (!isWhole(value)) continue;
      const found = this.#parameters(next, name, tool, { ...values, [key]: value }, wrapped);
      if (found) return found;
      if (this.#steps > MOST_STEPS) return undefined;
    }
    return undefined;
  }

  /** Where a value may end: at its own closer; else (ollama#17914) before the next parameter or the function's closer. */
  *#ends(from: number): Generator<{ end: number; next: number }> {
    for (let at = this.#text.indexOf(CLOSE_PARAMETER, from); at >= 0; at = this.#text.indexOf(CLOSE_PARAMETER, at + 1))
      yield { end: at, next: at + CLOSE_PARAMETER.length };
    for (const open of ["<parameter=", "</function>"])
      for (let at = this.#text.indexOf(open, from); at >= 0; at = this.#text.indexOf(open, at + 1))
        if (this.#text[at - 1] === "\n") yield { end: at, next: at };
  }
}

/** The template puts every value on lines of its own: these two line ends are not part of it. */
function trimOneLine(value: string): string {
  return /^\r?\n/.test(value) ? value.replace(/^\r?\n/, "").replace(/\r?\n$/, "") : value;
}

/**
 * Whether a value keeps no piece of the format: its own parameter tags, if it has any, are in pairs, and what it ends with
 * is no damaged closer. Otherwise a tag of the call itself was lost, and the value may hold what belongs to others.
 */
function isWhole(value: string): boolean {
  let open = 0;
  for (const [tag] of value.matchAll(/<parameter=|<\/parameter>/g)) {
    open += tag === CLOSE_PARAMETER ? -1 : 1;
    if (open < 0) return false;
  }
  const last = /(?:[</]([a-z]{7,11})>?|([a-z]{7,11})>)\s*$/i.exec(value);
  const word = (last?.[1] ?? last?.[2] ?? "").toLowerCase();
  return open === 0 && (last === null || !withinOneEdit(word, "parameter"));
}

function knowsKey(key: string, tool: OfferedTool): boolean {
  const schemas = alternatives(tool.schema, tool.schema);
  return schemas.some((schema) => {
    const names = Object.keys(propertiesOf(schema));
    return names.length === 0 || names.includes(key) || keyMeant(key, names, names) !== undefined;
  });
}

/** A value that swallowed another parameter of the same tool: its closer was lost, this reading is not the meant one. */
function hidesParameter(values: JsonObject, tool: OfferedTool): boolean {
  return Object.values(values).some((value) => {
    if (typeof value !== "string") return false;
    return [...value.matchAll(/^<parameter=([\w.-]+)>/gm)].some(
      ([, key = ""]) => !Object.hasOwn(values, key) && knowsKey(key, tool),
    );
  });
}
