import { coerce } from "./coerce.ts";
import { isObject, type JsonObject, losesDigits, parseJson } from "./json.ts";
import { readMended } from "./mendedJson.ts";
import type { OfferedTool } from "./offeredTools.ts";
import type { Allows, RepairKind } from "./report.ts";
import { accepts, alternatives, propertiesOf, requiredOf } from "./schema.ts";

/**
 * `fine`: nothing to do, the text stays as it is. `repaired`: the text to use instead. `refused`: malformed, and what was
 * meant cannot be known; it stays as it is and the host's own error tells the model.
 */
export type ArgumentsVerdict =
  | { kind: "fine" }
  | { kind: "repaired"; text: string; kinds: RepairKind[] }
  | { kind: "refused"; reason: string };

export interface CallEnd {
  /** The model was stopped by a limit (`finish_reason: length`): a missing end is then missing content. */
  cut: boolean;
}

/** Keys under which models wrap the whole arguments once more. */
const WRAPPERS: readonly string[] = ["arguments", "parameters", "input"];

/** Judges one call's arguments against the schema of the tool it calls. */
export function repairArguments(text: string, tool: OfferedTool, allows: Allows, end: CallEnd): ArgumentsVerdict {
  const kinds: RepairKind[] = [];
  let mended = false;
  let value = parseJson(text);
  if (value === undefined) {
    if (text.trim() === "") return needsNothing(tool) ? { kind: "fine" } : refused("the call has no arguments");
    const read = readMended(text, allows);
    if (!read) return refused("the arguments are no JSON");
    if (read.kinds.includes("truncated") && end.cut) return refused("the arguments were cut at the output limit");
    value = read.value;
    kinds.push(...read.kinds);
    mended = true;
  }
  if (typeof value === "string" && allows("encodedTwice")) {
    const inner = readMended(value, allows);
    if (!inner) return refused("the arguments are a text, not an object");
    value = inner.value;
    kinds.push("encodedTwice", ...inner.kinds);
    mended = true;
  }
  if (!isObject(value)) return refused("the arguments are no object");
  const inner = allows("wrapped") ? unwrapped(value, tool) : undefined;
  if (inner) kinds.push("wrapped");
  const coerced = coerce(inner ?? value, tool.schema, allows);
  kinds.push(...coerced.kinds);
  if (kinds.length === 0) return { kind: "fine" };
  if (losesDigits(coerced.value)) return refused("a number is too large to be written again");
  // Where the syntax was guessed, only a call that is right in every part is believed.
  if (mended && !accepts(coerced.value, tool.schema, tool.schema))
    return refused("the arguments do not fit the tool's schema");
  return { kind: "repaired", text: JSON.stringify(coerced.value), kinds };
}

function refused(reason: string): ArgumentsVerdict {
  return { kind: "refused", reason };
}

function needsNothing(tool: OfferedTool): boolean {
  return alternatives(tool.schema, tool.schema).every((schema) => requiredOf(schema).length === 0);
}

/** `{"arguments": {…}}` or `{"name": "edit", "arguments": {…}}` where the tool knows no such key. */
function unwrapped(value: JsonObject, tool: OfferedTool): JsonObject | undefined {
  const keys = Object.keys(value);
  const wrapper = keys.find((key) => WRAPPERS.includes(key));
  const known = alternatives(tool.schema, tool.schema).flatMap((schema) => Object.keys(propertiesOf(schema)));
  if (wrapper === undefined || known.length === 0 || known.includes(wrapper)) return undefined;
  if (!keys.every((key) => key === wrapper || (key === "name" && value.name === tool.name))) return undefined;
  const inner = value[wrapper];
  const read = typeof inner === "string" ? parseJson(inner) : inner;
  return isObject(read) ? read : undefined;
}
