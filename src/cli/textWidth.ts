import { stripVTControlCharacters } from "node:util";
import { cellsOf } from "../core/view/cells.ts";
import { wrapped } from "../core/view/wrap.ts";

/** Cells a text takes in a terminal; colours take none. */
export const textWidth = (text: string): number => cellsOf(stripVTControlCharacters(text));

/**
 * Breaks a line between words where the terminal would break it inside one; a word that is wider than the terminal is left
 * to it. Off a terminal nothing is broken: what reads the line wants it whole.
 *
 * @param hang blanks before each further line
 */
export function fitted({ columns }: { columns?: number | undefined }, line: string, hang: number): string {
  if (columns === undefined || textWidth(line) <= columns) return line;
  return wrapped(line, columns, hang, textWidth).join("\n");
}
