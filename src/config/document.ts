import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { type Problem, placeOf } from "./problem.ts";

/** A parsed JSONC text: its value and its tree, so that a finding can be given a place. */
export interface Document {
  text: string;
  value: unknown;
  root: Node | undefined;
}

export type DocumentResult = { ok: true; document: Document } | { ok: false; problems: Problem[] };

/** Past any hand-written configuration; keeps a mistaken path to a huge file from blocking the start. */
const maxCharacters = 1_000_000;

/** A sentence for jsonc-parser's error names (`CommaExpected` → "comma expected"). */
function syntaxDetail(error: ParseError): string {
  return printParseErrorCode(error.error)
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase();
}

/** The value of a node. Own: `__proto__` as a key must stay a key. */
function nodeValue(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(nodeValue);
  if (node.type !== "object") return node.value;
  const value: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [key, child] = property.children ?? [];
    if (!key || !child) continue;
    Object.defineProperty(value, String(key.value), {
      value: nodeValue(child),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return value;
}

function duplicateKeys(
  node: Node,
  path: readonly string[],
  report: (key: Node, path: readonly string[]) => void,
): void {
  const seen = new Set<unknown>();
  for (const child of node.children ?? []) {
    if (node.type === "array") {
      duplicateKeys(child, path, report);
      continue;
    }
    const [key, value] = child.children ?? [];
    if (!key) continue;
    const here = [...path, String(key.value)];
    if (seen.has(key.value)) report(key, here);
    seen.add(key.value);
    if (value) duplicateKeys(value, here, report);
  }
}

/**
 * Parses JSONC (comments and trailing commas allowed, byte order mark ignored). An empty text, or one of comments only,
 * is an error: a file that says nothing is more often a broken write than a wish.
 */
export function parseDocument(source: string, raw: string): DocumentResult {
  const text = raw.replace(/^\uFEFF/, "");
  const fail = (detail: string, offset = 0): DocumentResult => ({
    ok: false,
    problems: [{ code: "syntax", source, path: "", ...placeOf(text, offset), detail }],
  });
  if (text.length > maxCharacters)
    return fail(`longer than ${maxCharacters} characters; this is not a configuration file`);
  const errors: ParseError[] = [];
  try {
    const root = parseTree(text, errors, { allowTrailingComma: true });
    const first = errors[0];
    if (first) return fail(syntaxDetail(first), first.offset);
    if (!root) return fail("empty file; write {} for no settings", text.length);
    const problems: Problem[] = [];
    duplicateKeys(root, [], (key, path) =>
      problems.push({
        code: "duplicate",
        source,
        path: path.join("."),
        ...placeOf(text, key.offset),
        detail: "the same key is given twice",
      }),
    );
    if (problems.length > 0) return { ok: false, problems };
    return { ok: true, document: { text, value: nodeValue(root), root } };
  } catch (error) {
    // jsonc-parser recurses: absurd nesting ends in a RangeError, which is a finding about the file.
    if (error instanceof RangeError) return fail("nested too deeply");
    throw error;
  }
}
