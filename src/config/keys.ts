import { z } from "zod";
import { configSchema } from "./schema.ts";

/** One setting: where it is and the schema that judges its value (default and optional wrappers taken off). */
export interface Leaf {
  path: readonly string[];
  schema: z.ZodType;
}

/** Takes default, prefault and optional wrappers off a schema. */
export function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return bare(schema.unwrap() as z.ZodType);
  }
  return schema;
}

/** The schema at `path` below `root`, through objects and array elements; undefined where there is none. */
export function schemaAt(path: readonly PropertyKey[], root: z.ZodType = configSchema): z.ZodType | undefined {
  let schema: z.ZodType | undefined = bare(root);
  for (const step of path) {
    if (schema instanceof z.ZodObject) {
      const shape: Record<string, z.ZodType> = schema.shape;
      const next = typeof step === "string" && Object.hasOwn(shape, step) ? shape[step] : undefined;
      schema = next && bare(next);
    } else if (schema instanceof z.ZodArray) schema = bare(schema.element as z.ZodType);
    else return undefined;
  }
  return schema;
}

/** Keys an object at `path` may have; empty where it is no object. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  const schema = schemaAt(path);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Every setting of the schema, `$schema` left out, in the schema's order. */
export function leaves(schema: z.ZodType = configSchema, path: readonly string[] = []): Leaf[] {
  const inner = bare(schema);
  if (!(inner instanceof z.ZodObject)) return [{ path, schema: inner }];
  const shape: Record<string, z.ZodType> = inner.shape;
  return Object.entries(shape)
    .filter(([key]) => key !== "$schema")
    .flatMap(([key, child]) => leaves(child, [...path, key]));
}
