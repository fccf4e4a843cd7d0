import type { BlockLayout } from "./blocks.ts";

const GIB = 2 ** 30;

/** One GPU's memory as it is laid out; GiB, and tokens of one session. */
export interface MemoryBar {
  title: string;
  gpu: { name: string; gib: number };
  util: number;
  weightsGib: number;
  overheadGib: number;
  poolGib: number;
  layout: Pick<BlockLayout, "blockBytes" | "gdnGroups" | "stateBlocksPerGroup">;
  /** Sessions of the full context that the pool holds, and those the swarm has. */
  maxConcurrency: number;
  blocksPerRequest: number;
  workers: number;
  sessions: number;
  context: number;
}

interface Part {
  name: string;
  gib: number;
  fill: string;
}

const WIDTH = 760;
const LEFT = 20;
const BAR = 26;
const ROW = 86;
const TOP = 74;

const xml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const fixed = (value: number): string => value.toFixed(1);

/** The parts of one bar from left to right; together they are the GPU. */
export function partsOf(bar: MemoryBar): Part[] {
  const held = Math.min(bar.sessions, Math.floor(bar.maxConcurrency));
  const stateBlocks = bar.layout.gdnGroups * bar.layout.stateBlocksPerGroup;
  const stateGib = (held * stateBlocks * bar.layout.blockBytes) / GIB;
  const kvGib = (held * (bar.blocksPerRequest - stateBlocks) * bar.layout.blockBytes) / GIB;
  return [
    { name: "weights", gib: bar.weightsGib, fill: "#4c6a92" },
    { name: "activations, graphs", gib: bar.overheadGib, fill: "#b07d3c" },
    { name: `KV of ${held} sessions`, gib: kvGib, fill: "#4f8a5b" },
    { name: "their recurrent state", gib: stateGib, fill: "#8fbf7f" },
    { name: "pool left", gib: Math.max(0, bar.poolGib - kvGib - stateGib), fill: "#d5e5cf" },
    { name: "not vLLM's", gib: bar.gpu.gib * (1 - bar.util), fill: "#e4e4e4" },
  ];
}

function row(bar: MemoryBar, top: number, perGib: number): string[] {
  const parts = partsOf(bar);
  const total = bar.gpu.gib * perGib;
  const lines = [
    `<text x="${LEFT}" y="${top}" font-weight="bold">${xml(bar.title)}</text>`,
    `<text x="${LEFT}" y="${top + 16}" fill="#555">${xml(
      `${bar.gpu.name}, ${bar.gpu.gib} GiB: ${bar.maxConcurrency.toFixed(1)} sessions of ${bar.context.toLocaleString("en-US")} tokens fit; a swarm of ${bar.workers} Workers has ${bar.sessions}`,
    )}</text>`,
  ];
  let x = LEFT;
  for (const part of parts) {
    const width = part.gib * perGib;
    lines.push(
      `<rect x="${fixed(x)}" y="${top + 24}" width="${fixed(width)}" height="${BAR}" fill="${part.fill}"><title>${xml(`${part.name}: ${fixed(part.gib)} GiB`)}</title></rect>`,
    );
    if (width > 34)
      lines.push(
        `<text x="${fixed(x + width / 2)}" y="${top + 24 + 17}" text-anchor="middle" font-size="11">${fixed(part.gib)}</text>`,
      );
    x += width;
  }
  lines.push(`<rect x="${LEFT}" y="${top + 24}" width="${fixed(total)}" height="${BAR}" fill="none" stroke="#333"/>`);
  return lines;
}

/** Draws the memory of one GPU per bar, to one scale, as an SVG document. */
export function memoryPicture(bars: readonly MemoryBar[]): string {
  const most = Math.max(...bars.map((bar) => bar.gpu.gib));
  const perGib = (WIDTH - 2 * LEFT) / most;
  const height = TOP + bars.length * ROW;
  const legend: string[] = [];
  let x = LEFT;
  const first = bars[0];
  for (const part of first ? partsOf(first) : []) {
    const name = part.name.replace(/of \d+ sessions/, "of the sessions");
    legend.push(
      `<rect x="${x}" y="34" width="12" height="12" fill="${part.fill}" stroke="#333" stroke-width="0.5"/>`,
      `<text x="${x + 17}" y="44" font-size="11">${xml(name)}</text>`,
    );
    x += 34 + name.length * 6;
  }
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Memory of one GPU per recipe">`,
    "<title>Memory of one GPU per recipe, in GiB</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${LEFT}" y="22" font-size="15" font-weight="bold">Memory of one GPU, in GiB (predicted)</text>`,
    ...legend,
    ...bars.flatMap((bar, index) => row(bar, TOP + index * ROW, perGib)),
    "</svg>",
  ].join("\n")}\n`;
}
