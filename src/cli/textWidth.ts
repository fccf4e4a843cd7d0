import { stripVTControlCharacters } from "node:util";

/** Letters that take two columns of a terminal: Hangul, Chinese, Japanese, full-width forms, pictures (Unicode UAX #11, W and F). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu;

/** Columns a text takes on a terminal; colours take none. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  return [...plain].length + (plain.match(WIDE)?.length ?? 0);
}

/** The text with blanks behind it, `width` columns wide; a wider one stays as it is. */
export const padTo = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - textWidth(text)));

/** As much of a text without colours as `width` columns hold. */
export function cutTo(text: string, width: number): string {
  let cut = "";
  let left = width;
  for (const letter of text) {
    left -= textWidth(letter);
    if (left < 0) break;
    cut += letter;
  }
  return cut;
}

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
