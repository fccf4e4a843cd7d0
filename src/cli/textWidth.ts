import { stripVTControlCharacters } from "node:util";
import { cellsOf } from "../core/view/cells.ts";

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
  const lead = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let now = lead;
  let isEmpty = true;
  for (const word of line.slice(lead.length).split(" ")) {
    const width = textWidth(word);
    if (!isEmpty && textWidth(now) + 1 + width > columns && hang + width <= columns) {
      lines.push(now);
      now = " ".repeat(hang);
      isEmpty = true;
    }
    now += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, now].join("\n");
}
