import { join } from "node:path";
import { ViewReader } from "../../adapters/view/viewReader.ts";
import { watchView } from "../../adapters/view/watchView.ts";
import { type Tone, viewLines } from "../../core/view/lines.ts";
import type { SwarmView } from "../../core/view/swarmView.ts";
import { type Io, paint } from "../io.ts";
import { viewPlaces } from "./place.ts";

export type HudIo = Pick<Io, "stdout" | "env" | "cwd" | "isTTY" | "lang" | "colour" | "signal" | "columns">;

export interface HudOptions {
  json?: boolean;
  watch?: boolean;
}

/** Cells where the output is no terminal. */
const WIDTH = 100;
/** The least that can still be read. */
const NARROW = 24;
const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

const COLOURS = { dim: "dim", head: "bold", good: "green", bad: "red", busy: "yellow" } as const;

/** Shows the swarm of the directory, once or until the signal: what is read are files, so it starts at once. */
export async function showHud(io: HudIo, options: HudOptions): Promise<void> {
  const places = viewPlaces(io);
  // What programs read is the same in every language.
  const language = options.json ? "en" : io.lang;
  const reader = new ViewReader({ ...places, checkpoints: join(places.stateHome, "folded"), language });
  if (!options.watch) {
    io.stdout.write(textOf(io, reader.read(Date.now()), options, false));
    return;
  }
  let shown = "";
  const tell = () => {
    const view = reader.read(Date.now());
    const text = textOf(io, view, options, true);
    // For a program a new line is news; that a second went by is none.
    const news = options.json ? JSON.stringify({ ...view, at: 0, swarm: { ...view.swarm, durationMs: 0 } }) : text;
    if (news !== shown) io.stdout.write(text);
    shown = news;
  };
  tell();
  await new Promise<void>((resolve) => {
    io.signal.addEventListener("abort", () => resolve());
    watchView(reader, io.signal, tell);
  });
}

function textOf(io: HudIo, view: SwarmView, { json }: HudOptions, again: boolean): string {
  if (json) return `${JSON.stringify({ ok: true, ...view }, null, again ? undefined : 2)}\n`;
  const width = Math.max(NARROW, io.columns ?? WIDTH);
  const lines = viewLines(view, { width, language: io.lang }).map((line) =>
    line.map(({ text, tone }) => coloured(io, tone, text)).join(""),
  );
  return `${again && io.isTTY ? CLEAR : ""}${[...lines, view.statusLine].join("\n")}\n`;
}

function coloured(io: HudIo, tone: Tone, text: string): string {
  return tone === "plain" ? text : paint(io, COLOURS[tone], text);
}
