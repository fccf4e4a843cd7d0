import { parseDocument } from "../../config/document.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { readBytes } from "./changes.ts";
import type { Places } from "./places.ts";

type Json = Record<string, unknown>;

/** OpenCode's configuration as it stands before an install. */
export interface Present {
  /** The file to edit: of those that exist the one OpenCode reads last, else `opencode.json`. */
  target: string;
  /** Its text with byte order mark; undefined for no file. */
  text: string | undefined;
  /** Top-level values of every file read before the target, later ones over earlier ones. */
  below: Json;
  /** Every file that was read, in OpenCode's order. */
  configs: Json[];
  /** Files outside this scope that could not be parsed: `path: place`. */
  brokenBelow: string[];
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

/**
 * Reads all files that matter for one scope.
 *
 * @throws CliFailure with line and column for a file of this scope that is not valid; nothing is changed then
 */
export function readPresent(io: Io, places: Places): Present {
  const configs: Json[] = [];
  const brokenBelow: string[] = [];
  let below: Json = {};
  for (const path of places.below) {
    const bytes = readBytes(path);
    if (!bytes) continue;
    const parsed = parseDocument(path, bytes.toString("utf8"));
    if (!parsed.ok) brokenBelow.push(path);
    else {
      configs.push(asObject(parsed.document.value));
      below = { ...below, ...asObject(parsed.document.value) };
    }
  }
  const found = places.candidates.flatMap((path) => {
    const bytes = readBytes(path);
    if (!bytes) return [];
    // OpenCode takes a file of no bytes (`touch opencode.json`) for one without settings.
    if (bytes.length === 0) return [{ path, text: "", value: {} }];
    const text = bytes.toString("utf8");
    if (!Buffer.from(text, "utf8").equals(bytes)) {
      throw new CliFailure(say(io.lang, "install.notUtf8", { file: path }), {
        next: say(io.lang, "install.broken.next"),
      });
    }
    const parsed = parseDocument(path, text);
    if (!parsed.ok) {
      const problem = parsed.problems[0];
      const place = `${path}:${problem?.line ?? 1}:${problem?.column ?? 1}`;
      const detail = problem?.path ? `${problem.path}: ${problem.detail}` : (problem?.detail ?? "");
      throw new CliFailure(say(io.lang, "install.broken", { place, detail }), {
        next: say(io.lang, "install.broken.next"),
      });
    }
    return [{ path, text, value: asObject(parsed.document.value) }];
  });
  configs.push(...found.map((file) => file.value));
  const last = found.at(-1);
  for (const file of found.slice(0, -1)) below = { ...below, ...file.value };
  const fresh = places.candidates.find((path) => path.endsWith("/opencode.json")) ?? "";
  return { target: last?.path ?? fresh, text: last?.text, below, configs, brokenBelow };
}
