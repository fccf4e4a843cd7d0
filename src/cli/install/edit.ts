import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "../../config/document.ts";
import { appendItem, setValue } from "../../config/jsoncEdit.ts";
import type { TextFormat } from "../../config/textFormat.ts";
import type { Owned } from "./manifest.ts";

export type Json = Record<string, unknown>;

export const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** What an entry of OpenCode's `plugin` list names: alone, or before its options. */
export const specOf = (entry: unknown): unknown => (Array.isArray(entry) ? entry[0] : entry);

/** One text under edit, with the record of what became ours. */
export class Edit {
  text: string;
  readonly owned: Owned[] = [];
  readonly format: TextFormat;

  constructor(text: string, format: TextFormat) {
    this.text = text;
    this.format = format;
  }

  value(path: readonly string[]): unknown {
    const parsed = parseDocument("", this.text);
    let current: unknown = parsed.ok ? parsed.document.value : undefined;
    for (const step of path) current = isRecord(current) && Object.hasOwn(current, step) ? current[step] : undefined;
    return current;
  }

  /** Sets a value; claims the whole of what had to be made. */
  set(path: readonly string[], value: unknown, always = false): void {
    if (isDeepStrictEqual(this.value(path), value)) return;
    const existed = this.value(path) !== undefined;
    for (let depth = 1; depth < path.length && !existed; depth++) {
      const parent = path.slice(0, depth);
      if (this.value(parent) === undefined) this.owned.push({ kind: "container", path: parent });
    }
    this.text = setValue(this.text, path, value, this.format);
    if (!existed) {
      const json = JSON.parse(JSON.stringify(value));
      this.owned.push({ kind: "value", path: [...path], value: json, ...(always ? { always } : {}) });
    }
  }

  append(path: readonly string[], value: unknown): void {
    const list = this.value(path);
    if (Array.isArray(list)) this.text = appendItem(this.text, path, value, this.format);
    else {
      this.owned.push({ kind: "container", path: [...path] });
      this.text = setValue(this.text, path, [value], this.format);
    }
    this.owned.push({ kind: "item", path: [...path], value: String(specOf(value)) });
  }
}
