import { findNodeAtLocation, type Node } from "jsonc-parser";
import type { z } from "zod";
import type { Document } from "./document.ts";
import { bare, keysAt, leaves, schemaAt } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { type Problem, placeOf } from "./problem.ts";
import { configSchema } from "./schema.ts";

/** The key's node (not its value's) of `key` in the object at `path`. */
function keyNode(root: Node, path: readonly (string | number)[], key: string): Node | undefined {
  const object = path.length === 0 ? root : findNodeAtLocation(root, [...path]);
  return object?.children?.find((property) => property.children?.[0]?.value === key)?.children?.[0];
}

/** `swarm.maxWorkers` for a mistyped sibling, and for a known key put into the wrong section. */
function keySuggestion(path: readonly PropertyKey[], key: string): string | undefined {
  const sibling = nearest(key, keysAt(path));
  if (sibling !== undefined) return [...path.map(String), sibling].join(".");
  const all = leaves().map((leaf) => leaf.path.join("."));
  return all.find((full) => full === key || full.split(".").at(-1) === key) ?? nearest(key, all);
}

function received(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value;
}

/** What stands at a path; undefined where it leads nowhere. */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown): { detail: string; suggestion?: string } {
  const found = at(value, issue.path);
  if (issue.code === "invalid_value") {
    const options = issue.values.map(String);
    const suggestion = typeof found === "string" ? nearest(found, options) : undefined;
    return {
      detail: `must be ${options.map((option) => JSON.stringify(option)).join(" or ")}, found ${JSON.stringify(found) ?? "nothing"}`,
      ...(suggestion === undefined ? {} : { suggestion: JSON.stringify(suggestion) }),
    };
  }
  if (issue.code === "invalid_type") {
    const expected =
      issue.expected === "array" ? "a list" : issue.expected === "int" ? "a whole number" : issue.expected;
    const suggestion = mendedType(issue.path, found);
    return {
      detail: `expected ${expected}, found ${received(found)}`,
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }
  if (issue.code === "too_small")
    return { detail: `too small: ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}` };
  if (issue.code === "too_big") return { detail: `too big: at most ${issue.maximum}` };
  return { detail: issue.message };
}

/** `8` for the string "8" where a number is due; likewise booleans and one-element lists. */
function mendedType(path: readonly PropertyKey[], found: unknown): string | undefined {
  const schema = schemaAt(path);
  if (!schema) return undefined;
  const candidates: unknown[] = [[found]];
  if (typeof found === "string") {
    const word = found.trim();
    if (word === "true" || word === "false") candidates.push(word === "true");
    if (/^-?\d+(\.\d+)?$/.test(word)) candidates.push(Number(word));
  }
  const fit = candidates.find((candidate) => bare(schema).safeParse(candidate).success);
  return fit === undefined ? undefined : JSON.stringify(fit);
}

/**
 * Judges one layer (a file, plugin options, flags) against the schema.
 *
 * @returns the problems, empty when the layer is sound; places are filled in where `document` is given
 */
export function validateLayer(source: string, value: unknown, document?: Document): Problem[] {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return [];
  const root = document?.root;
  const place = (node: Node | undefined) => (node && document ? placeOf(document.text, node.offset) : {});
  return parsed.error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.filter((step): step is string | number => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => {
        const suggestion = keySuggestion(path, key);
        return {
          code: "unknown-key",
          source,
          path: [...path, key].join("."),
          ...place(root && keyNode(root, path, key)),
          detail: "there is no such key",
          ...(suggestion === undefined ? {} : { suggestion }),
        };
      });
    }
    const node = root && (path.length === 0 ? root : findNodeAtLocation(root, path));
    return [{ code: "bad-value", source, path: path.join("."), ...place(node), ...describeIssue(issue, value) }];
  });
}
