import { type Json, parseJson } from "./json.ts";
import { readLenient } from "./lenientJson.ts";
import type { Allows, RepairKind } from "./report.ts";

/** JSON as it was meant, and the kinds of repair its reading took; none where it was right. */
export interface MendedJson {
  value: Json;
  kinds: RepairKind[];
}

/** Reads JSON, sloppy JSON where the switches allow it. Undefined where it cannot be read, or may not. */
export function readMended(text: string, allows: Allows): MendedJson | undefined {
  const right = parseJson(text);
  if (right !== undefined) return { value: right, kinds: [] };
  const read = readLenient(text);
  if (!read) return undefined;
  const kinds: RepairKind[] = [];
  if (read.truncated) kinds.push("truncated");
  if (read.sloppy) kinds.push("syntax");
  return kinds.every(allows) ? { value: read.value, kinds } : undefined;
}
