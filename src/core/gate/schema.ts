import { isObject, type Json, type JsonObject } from "./json.ts";

/** References deeper than this are taken to be a circle. */
const MOST_REFERENCES = 16;

/** A schema with at most one type and no union: what `alternatives` breaks any schema into. */
export type PlainSchema = JsonObject;

/**
 * The plain schemas of which a value must fit one: `$ref` into the same document followed, `anyOf`/`oneOf`, lists of
 * types and `nullable` spread out. A schema that cannot be read accepts anything: the tool itself judges then.
 */
export function alternatives(schema: unknown, root: unknown, depth = 0): PlainSchema[] {
  if (schema === false) return [];
  if (!isObject(schema) || depth > MOST_REFERENCES) return [{}];
  if (typeof schema.$ref === "string") return alternatives(resolve(schema.$ref, root), root, depth + 1);
  const union = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(union)) return union.flatMap((member) => alternatives(member, root, depth + 1));
  if (Array.isArray(schema.allOf) && schema.allOf.length === 1 && schema.type === undefined)
    return alternatives(schema.allOf[0], root, depth + 1);
  const nothing = schema.nullable === true ? [{ type: "null" }] : [];
  if (Array.isArray(schema.type)) return [...schema.type.map((type) => ({ ...schema, type })), ...nothing];
  return [schema, ...nothing];
}

function resolve(reference: string, root: unknown): unknown {
  if (!reference.startsWith("#")) return {};
  let at: unknown = root;
  for (const step of reference.slice(1).split("/").filter(Boolean)) {
    if (!isObject(at)) return {};
    at = at[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return at ?? {};
}

/** The properties of an object schema by name; empty where it names none. */
export function propertiesOf(schema: PlainSchema): JsonObject {
  return isObject(schema.properties) ? schema.properties : {};
}

export function requiredOf(schema: PlainSchema): readonly string[] {
  return Array.isArray(schema.required) ? schema.required.filter((key) => typeof key === "string") : [];
}

/** Whether the value fits the schema: types, required keys, enumerations, items. Bounds and patterns are the tool's. */
export function accepts(value: Json, schema: unknown, root: unknown): boolean {
  return alternatives(schema, root).some((option) => fits(value, option, root));
}

/** Whether the value fits one plain schema. */
export function fits(value: Json, schema: PlainSchema, root: unknown): boolean {
  if (Array.isArray(schema.enum) && !schema.enum.some((word) => word === value)) return false;
  if (schema.const !== undefined && schema.const !== value) return false;
  switch (typeOf(schema)) {
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number";
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value) && value.every((item) => accepts(item, schema.items, root));
    case "object":
      return isObject(value) && objectFits(value, schema, root);
    default:
      return true;
  }
}

/** The one type of a plain schema, guessed from its other keywords where it is not said. */
export function typeOf(schema: PlainSchema): string | undefined {
  if (typeof schema.type === "string") return schema.type;
  if (isObject(schema.properties)) return "object";
  return isObject(schema.items) ? "array" : undefined;
}

function objectFits(value: JsonObject, schema: PlainSchema, root: unknown): boolean {
  if (requiredOf(schema).some((key) => !Object.hasOwn(value, key))) return false;
  const properties = propertiesOf(schema);
  return Object.entries(value).every(([key, member]) =>
    Object.hasOwn(properties, key)
      ? accepts(member, properties[key], root)
      : schema.additionalProperties === undefined || accepts(member, schema.additionalProperties, root),
  );
}
