/** A point of a plot: throughput over latency. */
export interface Dot {
  /** Milliseconds. */
  x: number;
  /** Tokens a second. */
  y: number;
  /** One character in the terminal. */
  mark: string;
  label: string;
}

interface Frame {
  x: [number, number];
  y: [number, number];
}

function frameOf(dots: readonly Dot[]): Frame {
  const range = (values: readonly number[]): [number, number] => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    const room = (high - low || Math.abs(high) || 1) * 0.08;
    return [Math.max(0, low - room), high + room];
  };
  return { x: range(dots.map(({ x }) => x)), y: range(dots.map(({ y }) => y)) };
}

const share = (value: number, [low, high]: [number, number]): number => (value - low) / (high - low || 1);
const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

/** A scatter plot in characters, `width` by `height`; later dots lie over earlier ones. */
export function terminalPlot(
  dots: readonly Dot[],
  about: { x: string; y: string; width: number; height: number },
): string[] {
  if (dots.length === 0) return [];
  const { width, height } = about;
  const frame = frameOf(dots);
  const rows = Array.from({ length: height }, () => Array.from({ length: width }, () => " "));
  for (const { x, y, mark } of dots) {
    const column = Math.min(width - 1, Math.floor(share(x, frame.x) * width));
    const row = rows[height - 1 - Math.min(height - 1, Math.floor(share(y, frame.y) * height))];
    if (row) row[column] = mark;
  }
  const [high, low] = [short(frame.y[1]), short(frame.y[0])];
  const margin = Math.max(high.length, low.length);
  const lines = rows.map((row, index) => {
    const name = index === 0 ? high : index === height - 1 ? low : "";
    return `${name.padStart(margin)} │${row.join("").trimEnd()}`;
  });
  const [left, right] = [short(frame.x[0]), short(frame.x[1])];
  return [
    `${" ".repeat(margin + 1)}${about.y}`,
    ...lines,
    `${" ".repeat(margin)} └${"─".repeat(width)}`,
    `${" ".repeat(margin + 2)}${left}${about.x.padStart(Math.floor((width + about.x.length) / 2) - left.length)}`.padEnd(
      margin + 2 + width - right.length,
    ) + right,
  ];
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const COLOURS: Record<string, string> = { "*": "#d9480f", o: "#1971c2", D: "#2f9e44", ".": "#868e96" };
const SIZE = { width: 720, height: 420, left: 70, bottom: 50, top: 40, right: 20 };

/** The same as an SVG picture. */
export function svgPlot(dots: readonly Dot[], about: { title: string; x: string; y: string }): string {
  const frame = frameOf(dots.length === 0 ? [{ x: 0, y: 0, mark: ".", label: "" }] : dots);
  const { width, height, left, bottom, top, right } = SIZE;
  const px = (x: number) => (left + share(x, frame.x) * (width - left - right)).toFixed(1);
  const py = (y: number) => (height - bottom - share(y, frame.y) * (height - bottom - top)).toFixed(1);
  const ticks = ([low, high]: [number, number]) =>
    Array.from({ length: 5 }, (_, index) => low + ((high - low) * index) / 4);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="22" font-size="15">${escaped(about.title)}</text>`,
    ...ticks(frame.x).map(
      (value) =>
        `<path d="M${px(value)} ${top}V${height - bottom}" stroke="#e9ecef"/><text x="${px(value)}" y="${height - bottom + 18}" text-anchor="middle">${short(value)}</text>`,
    ),
    ...ticks(frame.y).map(
      (value) =>
        `<path d="M${left} ${py(value)}H${width - right}" stroke="#e9ecef"/><text x="${left - 8}" y="${Number(py(value)) + 4}" text-anchor="end">${short(value)}</text>`,
    ),
    `<text x="${(left + width) / 2}" y="${height - 10}" text-anchor="middle">${escaped(about.x)}</text>`,
    `<text x="16" y="${height / 2}" text-anchor="middle" transform="rotate(-90 16 ${height / 2})">${escaped(about.y)}</text>`,
    ...dots.map(
      ({ x, y, mark, label }) =>
        `<circle cx="${px(x)}" cy="${py(y)}" r="5" fill="${COLOURS[mark] ?? COLOURS["."]}" fill-opacity="0.8"><title>${escaped(label)}</title></circle>`,
    ),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}
