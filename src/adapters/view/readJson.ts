import { readFileSync } from "node:fs";
import type { z } from "zod";
import { hasCode } from "../../ports/thrown.ts";

/** A JSON file of ours; undefined where there is none. @throws an Error that names the file where it is not as expected. */
export function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
  const value = parsed(text);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Error(`${file} is not as expected (${issue?.path.join(".") || "the whole"}: ${issue?.message ?? "?"}).`);
}

/** undefined for what is no JSON: no schema of ours takes that. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
