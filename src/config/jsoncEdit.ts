import {
  applyEdits,
  createScanner,
  findNodeAtLocation,
  type JSONPath,
  modify,
  type Node,
  parseTree,
} from "jsonc-parser";
import type { TextFormat } from "./textFormat.ts";

// jsonc-parser's SyntaxKind is a const enum, which single-file compilation cannot read; the numbers are its public values.
const SyntaxKind = {
  CommaToken: 5,
  LineCommentTrivia: 12,
  BlockCommentTrivia: 13,
  LineBreakTrivia: 14,
  Trivia: 15,
} as const;
const parseOptions = { allowTrailingComma: true };

function formatting(format: TextFormat) {
  return {
    eol: format.eol,
    insertSpaces: format.indent !== "\t",
    tabSize: format.indent === "\t" ? 4 : format.indent.length,
  };
}

/** White space before the first thing on the line of `offset`, or undefined where something else stands before it. */
function leadingSpace(text: string, offset: number): string | undefined {
  const lineStart = Math.max(text.lastIndexOf("\n", offset - 1), text.lastIndexOf("\r", offset - 1)) + 1;
  const before = text.slice(lineStart, offset);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

/** What follows the last child up to the closing brace: a comma or not, and where a new line may go without parting a
 * comment from the line it explains. */
function tail(text: string, last: Node): { comma: boolean; lineEnd: number } {
  const scanner = createScanner(text, false);
  let lineEnd = last.offset + last.length;
  scanner.setPosition(lineEnd);
  let comma = false;
  let sameLine = true;
  for (;;) {
    const token = scanner.scan();
    if (token === SyntaxKind.CommaToken) comma = true;
    else if (token === SyntaxKind.LineBreakTrivia) sameLine = false;
    else if (
      token !== SyntaxKind.Trivia &&
      token !== SyntaxKind.LineCommentTrivia &&
      token !== SyntaxKind.BlockCommentTrivia
    ) {
      return { comma, lineEnd };
    }
    const isSpace = token === SyntaxKind.Trivia || token === SyntaxKind.LineBreakTrivia;
    if ((sameLine || token === SyntaxKind.CommaToken) && !isSpace) {
      lineEnd = scanner.getTokenOffset() + scanner.getTokenLength();
    }
  }
}

/**
 * Puts `content` behind the last child of a container that is written over several lines. jsonc-parser's own insertion
 * goes before the last child's comma and so moves that line's comment to the new line; this one does not.
 */
function appendLine(
  text: string,
  container: Node,
  content: (indent: string) => string,
  format: TextFormat,
): string | undefined {
  const last = container.children?.at(-1);
  const indent = last && leadingSpace(text, last.offset);
  if (!last || indent === undefined) return undefined;
  const end = last.offset + last.length;
  const { comma, lineEnd } = tail(text, last);
  const line = `${format.eol}${indent}${content(indent)}${comma ? "," : ""}`;
  const withComma = comma ? text.slice(0, lineEnd) : `${text.slice(0, end)},${text.slice(end, lineEnd)}`;
  return withComma + line + text.slice(lineEnd);
}

function stringify(value: unknown, indent: string, format: TextFormat): string {
  return JSON.stringify(value, null, format.indent).replaceAll("\n", `${format.eol}${indent}`);
}

/**
 * Sets the value at `path` (of object keys); missing objects on the way are made. Text that is not concerned stays byte
 * for byte, comments and trailing commas too.
 *
 * @param text JSONC without byte order mark, free of syntax errors, with an object at its root
 */
export function setValue(text: string, path: readonly string[], value: unknown, format: TextFormat): string {
  const root = parseTree(text, [], parseOptions);
  if (root && !findNodeAtLocation(root, [...path])) {
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const container = depth === 0 ? root : findNodeAtLocation(root, path.slice(0, depth));
      if (!container) continue;
      const nested = path.slice(depth + 1).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      const key = JSON.stringify(path[depth]);
      const appended = appendLine(text, container, (indent) => `${key}: ${stringify(nested, indent, format)}`, format);
      if (appended !== undefined) return appended;
      break;
    }
  }
  return applyEdits(text, modify(text, [...path], value, { formattingOptions: formatting(format) }));
}

/** Adds `value` at the end of the list at `path`, which exists. */
export function appendItem(text: string, path: readonly string[], value: unknown, format: TextFormat): string {
  const root = parseTree(text, [], parseOptions);
  const list = root && findNodeAtLocation(root, [...path]);
  const appended = list && appendLine(text, list, (indent) => stringify(value, indent, format), format);
  if (appended !== undefined) return appended;
  const options = { formattingOptions: formatting(format), isArrayInsertion: true };
  return applyEdits(text, modify(text, [...path, -1], value, options));
}

/** Offset of the comma that follows a child, undefined where the container ends first. */
function commaAfter(text: string, child: Node): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(child.offset + child.length);
  return scanner.scan() === SyntaxKind.CommaToken ? scanner.getTokenOffset() : undefined;
}

/** Deletes [from, to), and the line around it where nothing is left on it. */
function cut(text: string, from: number, to: number): string {
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  const rest = /^[ \t]*(\r?\n)?/.exec(text.slice(to))?.[0] ?? "";
  const alone = leadingSpace(text, from) !== undefined && rest.endsWith("\n");
  if (alone) return text.slice(0, lineStart) + text.slice(to + rest.length);
  return text.slice(0, from) + text.slice(to + (rest.endsWith("\n") ? 0 : rest.length));
}

/**
 * Takes the property or list item at `path` out; a text without it is returned as it is. Own: jsonc-parser's removal
 * takes the comments between the neighbours along.
 */
export function removeAt(text: string, path: JSONPath): string {
  const root = parseTree(text, [], parseOptions);
  const value = root && findNodeAtLocation(root, path);
  const child = value?.parent?.type === "property" ? value.parent : value;
  const container = child?.parent;
  if (!child || !container) return text;
  const siblings = container.children ?? [];
  const before = siblings[siblings.indexOf(child) - 1];
  const comma = commaAfter(text, child);
  const without = cut(text, child.offset, comma === undefined ? child.offset + child.length : comma + 1);
  if (comma !== undefined || !before) return without;
  // The last child went: its neighbour's comma would be one too many. It stands before the cut, so offsets hold.
  const extra = commaAfter(text, before);
  return extra === undefined ? without : without.slice(0, extra) + without.slice(extra + 1);
}
