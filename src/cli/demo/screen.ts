import { cellsOf, inCells } from "../../core/view/cells.ts";
import { type Io, paint } from "../io.ts";
import { fitted } from "../textWidth.ts";

/** Lines that stay, and below them on a terminal a block that is drawn anew in place. */
export interface Screen {
  /** One line that stays. */
  line(text: string): void;
  /** Replaces the live block; does nothing where there is no terminal. */
  block(lines: readonly string[]): void;
  /** Leaves the last block standing and ends it. */
  end(): void;
}

const DEFAULT_COLUMNS = 100;
/** Blanks before what is left of a line that was too long. */
const HANG = 2;
const UP_AND_CLEAR = (count: number): string => (count === 0 ? "" : `\u001b[${count}A\u001b[0J`);

/** A text of several lines, each broken between words for a terminal of that many cells; left as it is where there is none. */
export function paragraphs(text: string, columns: number | undefined): string {
  return text
    .split("\n")
    .map((line) => fitted({ columns }, line, HANG))
    .join("\n");
}

/** Draws on stderr, so that stdout stays free for the result. */
export function makeScreen(io: Io): Screen {
  let drawn: readonly string[] = [];
  const columns = () => process.stderr.columns ?? DEFAULT_COLUMNS;
  // A line that wraps would make the block taller than the number of its lines and leave remains behind.
  const cut = (text: string) => inCells(text, Math.min(cellsOf(text), columns() - 4));
  const draw = (lines: readonly string[]) => {
    io.stderr.write(lines.map((text) => `${paint(io, "dim", cut(text))}\n`).join(""));
    drawn = lines;
  };
  return {
    line(text) {
      const block = drawn;
      if (block.length > 0) io.stderr.write(UP_AND_CLEAR(block.length));
      io.stderr.write(`${paragraphs(text, io.isTTY ? columns() : undefined)}\n`);
      if (block.length > 0) draw(block);
    },
    block(lines) {
      if (!io.isTTY || lines.join("\n") === drawn.join("\n")) return;
      io.stderr.write(UP_AND_CLEAR(drawn.length));
      draw(lines);
    },
    end() {
      drawn = [];
    },
  };
}
