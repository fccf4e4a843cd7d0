/** Ranges of characters that take two cells of a terminal (Unicode East Asian Width W and F, and emoji). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
];

function widthOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^\p{Mn}$/u.test(character)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** Cells a text takes in a terminal. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += widthOf(character);
  return cells;
}

/**
 * A text as one harmless line: names and file paths come from a model, and a terminal obeys control characters. Marks that
 * turn the direction of reading go as well.
 */
export function plainLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").replace(/[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "");
}

/** The text in exactly `width` cells: cut with an ellipsis, or filled with spaces. */
export function inCells(text: string, width: number): string {
  const cells = cellsOf(text);
  if (cells <= width) return text + " ".repeat(width - cells);
  if (width <= 0) return "";
  let kept = "";
  let used = 0;
  for (const character of text) {
    if (used + widthOf(character) > width - 1) break;
    kept += character;
    used += widthOf(character);
  }
  return `${kept}…${" ".repeat(width - 1 - used)}`;
}
