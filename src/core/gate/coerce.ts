import { isObject, type Json, type JsonObject } from "./json.ts";
import { keyMeant } from "./keyAlias.ts";
import { readMended } from "./mendedJson.ts";
import type { Allows, RepairKind } from "./report.ts";
import { accepts, alternatives, fits, type PlainSchema, propertiesOf, requiredOf, typeOf } from "./schema.ts";

/** A value made to fit, and the kinds of repair it took, in order; none where it is the very value handed in. */
export interface Coercion {
  value: Json;
  kinds: RepairKind[];
}

interface Context {
  root: unknown;
  allows: Allows;
  kinds: RepairKind[];
}

/** Strings of these keys are acted on as they stand: an object's JSON in them would be another call, not the meant one. */
const LITERAL_KEY = /command|cmd|path|pattern|url|dir|name$|id$/i;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const TRAILING_TAGS = /(?:\s*<\/[\w.:-]+>)+\s*$/;
const FILLED_LENGTH = 60;

/**
 * Makes a value fit a schema where it plainly was meant to: stringified arrays and objects, scalars in strings, objects
 * where text is due, other spellings of keys, null for what is optional, a call's own `description`. Every step is one
 * kind of repair and is left out where `allows` says no. What fits is never changed.
 */
export function coerce(value: Json, schema: unknown, allows: Allows): Coercion {
  const context: Context = { root: schema, allows, kinds: [] };
  return { value: walk(value, schema, context, ""), kinds: context.kinds };
}

function walk(value: Json, schema: unknown, context: Context, key: string): Json {
  const options = alternatives(schema, context.root);
  const fitting = options.find((option) => fits(value, option, context.root));
  if (fitting) return inside(value, fitting, context);
  for (const option of options) {
    const trial: Context = { ...context, kinds: [] };
    const next = convert(value, option, trial, key);
    if (next === undefined || !fits(next, option, context.root)) continue;
    context.kinds.push(...trial.kinds);
    return next;
  }
  const [sole, ...others] = options;
  // Nothing fits as a whole: mend what can be mended, the tool's own error then names only the rest.
  return sole && others.length === 0 ? (convert(value, sole, context, key) ?? value) : value;
}

/** The members of a value of the right type. */
function inside(value: Json, schema: PlainSchema, context: Context): Json {
  if (Array.isArray(value)) {
    if (schema.items === undefined) return value;
    const items = value.map((item) => walk(item, schema.items, context, ""));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  return isObject(value) ? objectInside(value, schema, context) : value;
}

function objectInside(value: JsonObject, schema: PlainSchema, context: Context): JsonObject {
  const properties = propertiesOf(schema);
  const names = Object.keys(properties);
  if (names.length === 0) return value;
  const required = requiredOf(schema);
  const taken = new Set(Object.keys(value));
  const result: JsonObject = {};
  let changed = false;
  for (const [given, member] of Object.entries(value)) {
    let key = given;
    if (!Object.hasOwn(properties, given) && context.allows("alias")) {
      const free = names.filter((name) => !taken.has(name));
      const meant = keyMeant(given, free, required);
      if (meant !== undefined) {
        key = meant;
        taken.add(meant);
        changed = true;
        context.kinds.push("alias");
      }
    }
    const schemaOf = properties[key];
    if (schemaOf !== undefined && dropsNull(member, schemaOf, required.includes(key), context)) {
      changed = true;
      continue;
    }
    const next = schemaOf === undefined ? member : walk(member, schemaOf, context, key);
    changed ||= next !== member;
    result[key] = next;
  }
  const filled = fill(result, schema, context);
  return changed || filled ? result : value;
}

function dropsNull(value: Json, schema: unknown, required: boolean, context: Context): boolean {
  if (required || !context.allows("nullDropped")) return false;
  const nothing = value === null || value === "null" || value === "None";
  if (!nothing || accepts(value, schema, context.root)) return false;
  if (accepts(null, schema, context.root)) return false;
  context.kinds.push("nullDropped");
  return true;
}

/** A missing `description` of a command or prompt is only told to the person: it can be said from the command itself. */
function fill(value: JsonObject, schema: PlainSchema, context: Context): boolean {
  if (!requiredOf(schema).includes("description") || Object.hasOwn(value, "description")) return false;
  const told = value.command ?? value.prompt;
  if (typeof told !== "string" || !context.allows("filled")) return false;
  const line = told.trim().split("\n", 1)[0]?.trim() ?? "";
  if (line === "" || !accepts("text", propertiesOf(schema).description, context.root)) return false;
  value.description = line.slice(0, FILLED_LENGTH);
  context.kinds.push("filled");
  return true;
}

/** The value as the schema's type, or undefined where it cannot be meant so. */
function convert(value: Json, schema: PlainSchema, context: Context, key: string): Json | undefined {
  switch (typeOf(schema)) {
    case "object": {
      const object = isObject(value) ? value : fromText(value, context, isObject);
      return object && objectInside(object as JsonObject, schema, context);
    }
    case "array": {
      const array = Array.isArray(value)
        ? value
        : (fromText(value, context, Array.isArray) ?? single(value, schema, context));
      return array && inside(array, schema, context);
    }
    case "string":
      return asText(value, schema, context, key);
    case "number":
    case "integer":
      return typeof value === "string" && NUMBER.test(value.trim()) ? say(Number(value), "scalar", context) : undefined;
    case "boolean": {
      const word = typeof value === "string" ? value.trim().toLowerCase() : "";
      return word === "true" || word === "false" ? say(word === "true", "scalar", context) : undefined;
    }
    case "null":
      return value === "null" || value === "None" ? say(null, "scalar", context) : undefined;
    default:
      return undefined;
  }
}

function say<T extends Json>(value: T, kind: RepairKind, context: Context): T | undefined {
  if (!context.allows(kind)) return undefined;
  context.kinds.push(kind);
  return value;
}

/** A stringified array or object; closing tags behind it are leftovers of the format (opencode#1373). */
function fromText(value: Json, context: Context, right: (value: Json) => boolean): Json | undefined {
  if (typeof value !== "string") return undefined;
  const text = value.replace(TRAILING_TAGS, "").trim();
  if (!/^[[{]/.test(text)) return undefined;
  const read = readMended(text, context.allows);
  // Sloppy but whole: a stringified list that was cut may lack entries.
  if (!read || read.kinds.includes("truncated") || !right(read.value)) return undefined;
  const said = say(read.value, "stringified", context);
  if (said !== undefined) context.kinds.push(...read.kinds);
  return said;
}

/** One item where a list is due. A text that may itself be a list (commas, lines) is left alone. */
function single(value: Json, schema: PlainSchema, context: Context): Json[] | undefined {
  if (schema.items === undefined || value === null || Array.isArray(value)) return undefined;
  if (typeof value === "string" && (/[,\n;[\]{}]/.test(value) || value.trim() === "")) return undefined;
  return isObject(value) || accepts(value, schema.items, context.root)
    ? say([value], "singleItem", context)
    : undefined;
}

function asText(value: Json, schema: PlainSchema, context: Context, key: string): Json | undefined {
  if (typeof value === "string") return Array.isArray(schema.enum) ? enumWord(value, schema.enum, context) : undefined;
  if (typeof value === "number" || typeof value === "boolean") return say(String(value), "scalar", context);
  if (value === null || LITERAL_KEY.test(key)) return undefined;
  // A list of words may be lines, arguments or JSON: not known, so not touched.
  if (Array.isArray(value) && !value.some(isObject)) return undefined;
  return say(JSON.stringify(value, null, 2), "objectAsText", context);
}

function enumWord(value: string, words: readonly Json[], context: Context): Json | undefined {
  const plain = (word: string) =>
    word
      .trim()
      .toLowerCase()
      .replace(/[_\-\s]/g, "");
  const meant = words.filter((word) => typeof word === "string" && plain(word) === plain(value));
  return meant.length === 1 && meant[0] !== undefined ? say(meant[0], "enumWord", context) : undefined;
}
