import { cellsOf } from "./cells.ts";

/**
 * Breaks a line between words so that no line is wider than `width` cells; a word that is wider alone is left whole.
 *
 * @param hang blanks before each further line
 * @param cells cells of a piece of the line, where not every character shows
 */
export function wrapped(
  line: string,
  width: number,
  hang: number,
  cells: (text: string) => number = cellsOf,
): string[] {
  const lead = /^ */u.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let now = lead;
  let isEmpty = true;
  for (const word of line.slice(lead.length).split(" ")) {
    const wide = cells(word);
    if (!isEmpty && cells(now) + 1 + wide > width && hang + wide <= width) {
      lines.push(now);
      now = " ".repeat(hang);
      isEmpty = true;
    }
    now += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, now];
}
