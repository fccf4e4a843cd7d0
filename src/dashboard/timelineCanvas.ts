import type { PhaseSince, Span } from "../core/view/timeline.ts";
import type { Row } from "./state.ts";
import { clock, ticks, type Window } from "./timelineScale.ts";

/** Heights in CSS pixels: of the phases and the clock above, and of a row. */
export const HEAD = 44;
export const ROW = 28;
const BAR = 14;

export interface Drawn {
  rows: readonly Row[];
  phases: readonly PhaseSince[];
  shown: Window;
  /** When the swarm began, and where its time ends (ms since the epoch). */
  start: number;
  end: number;
  chosen: number;
  /** The span that is looked at. */
  hot: Span | undefined;
}

/** Draws the timeline. Its colours are the page's. */
export function drawTimeline(canvas: HTMLCanvasElement, drawn: Drawn): void {
  const { rows, shown, start, chosen } = drawn;
  const width = canvas.clientWidth;
  const height = HEAD + rows.length * ROW;
  const ratio = window.devicePixelRatio || 1;
  const pen = canvas.getContext("2d");
  if (!pen || width === 0) return;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
  }
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const x = (at: number) => ((at - shown.from) / (shown.to - shown.from)) * width;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = `500 11px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  if (chosen >= 0) {
    pen.fillStyle = colour("row");
    pen.fillRect(0, HEAD + chosen * ROW, width, ROW);
  }
  drawPhases(pen, drawn, { x, width, height, colour });
  const marks = ticks(shown, start, Math.max(2, Math.floor(width / 76)));
  const fine = marks.length > 1 && (marks[1] ?? 0) - (marks[0] ?? 0) < 1_000;
  for (const mark of marks) {
    const at = Math.round(x(start + mark)) + 0.5;
    pen.fillStyle = colour("grid");
    pen.fillRect(at, HEAD - 4, 1, height);
    pen.fillStyle = colour("dim");
    const text = clock(mark, fine);
    const half = pen.measureText(text).width / 2;
    pen.fillText(text, Math.max(0, Math.min(width - 2 * half, at - half)), 32);
  }
  for (const [index, row] of rows.entries()) drawRow(pen, row, HEAD + index * ROW, drawn, { x, width, height, colour });
}

interface Paper {
  x(at: number): number;
  width: number;
  height: number;
  colour(name: string): string;
}

function drawPhases(pen: CanvasRenderingContext2D, { phases, end }: Drawn, { x, width, height, colour }: Paper): void {
  for (const [index, { phase, since }] of phases.entries()) {
    const from = x(since);
    const to = x(phases[index + 1]?.since ?? end);
    if (to < 0 || from > width || phase === "done") continue;
    pen.fillStyle = colour(index % 2 === 0 ? "band-a" : "band-b");
    pen.fillRect(from, 0, to - from, 20);
    if (index > 0) {
      pen.fillStyle = colour("edge");
      pen.fillRect(Math.round(from), 0, 1, height);
    }
    const left = Math.max(6, from + 6);
    if (Math.min(width, to) - left > pen.measureText(phase).width + 4) {
      pen.fillStyle = colour("dim");
      pen.fillText(phase, left, 10);
    }
  }
}

function drawRow(pen: CanvasRenderingContext2D, row: Row, top: number, drawn: Drawn, paper: Paper): void {
  const { x, width, colour } = paper;
  const y = top + (ROW - BAR) / 2;
  pen.fillStyle = colour("grid");
  pen.fillRect(0, top + ROW - 1, width, 1);
  for (const span of row.spans) {
    const from = x(span.start);
    const to = x(span.end ?? drawn.end);
    if (to < 0 || from > width) continue;
    const wide = Math.max(1.5, to - from);
    pen.fillStyle = colour(span.failed ? "fail" : span.kind);
    if (span.kind === "model" && span.firstMs !== undefined && span.end !== null) {
      // The server's queue and the prompt come first, paler.
      const first = Math.min(wide, Math.max(0, x(span.start + span.firstMs) - from));
      pen.globalAlpha = 0.4;
      box(pen, from, y, first, BAR);
      pen.globalAlpha = 1;
      box(pen, from + first, y, Math.max(wide - first, 1), BAR);
    } else if (span.kind === "wait") {
      box(pen, from, y + 4, wide, BAR - 8);
    } else box(pen, from, y, wide, BAR);
    if (span === drawn.hot) {
      pen.strokeStyle = colour("text");
      pen.lineWidth = 1.5;
      pen.strokeRect(from - 1, y - 2, wide + 2, BAR + 4);
    }
    const [left, right] = [Math.max(0, from), Math.min(width, to)];
    if (span.what !== "" && right - left > 64) {
      pen.fillStyle = colour("on-bar");
      pen.fillText(fitted(pen, span.what, right - left - 10), left + 5, y + BAR / 2 + 0.5);
    }
  }
}

function box(pen: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  if (width < 5) {
    pen.fillRect(x, y, width, height);
    return;
  }
  pen.beginPath();
  pen.roundRect(x, y, width, height, 2.5);
  pen.fill();
}

function fitted(pen: CanvasRenderingContext2D, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  const letter = pen.measureText("n").width;
  return `${text.slice(0, Math.max(0, Math.floor(width / letter) - 1))}…`;
}

/** The span at a place of the canvas, in CSS pixels; nearby ones count too: short ones are a hair's breadth. */
export function spanAt({ rows, shown, end }: Drawn, width: number, px: number, py: number): Span | undefined {
  const row = rows[Math.floor((py - HEAD) / ROW)];
  if (!row || py < HEAD) return undefined;
  const x = (at: number) => ((at - shown.from) / (shown.to - shown.from)) * width;
  let best: { span: Span; off: number } | undefined;
  for (const span of row.spans) {
    const off = Math.max(x(span.start) - px, px - x(span.end ?? end), 0);
    if (off <= 4 && (!best || off <= best.off)) best = { span, off };
  }
  return best?.span;
}
