import { duration } from "../workflow/dashboard.ts";
import { haltText } from "../workflow/halt.ts";
import type { Language } from "../workflow/model.ts";
import { swarmWord } from "../workflow/swarmWords.ts";
import { cellsOf, inCells, plainLine } from "./cells.ts";
import type { Gauges } from "./liveState.ts";
import type { SwarmView, WorkerLine } from "./swarmView.ts";
import { shortTokens } from "./tokenCounts.ts";
import { viewWord } from "./words.ts";
import { wrapped } from "./wrap.ts";

export type Tone = "plain" | "dim" | "head" | "good" | "bad" | "busy";
/** A piece of a line in one tone. */
export interface Piece {
  text: string;
  tone: Tone;
}
export type Line = readonly Piece[];

/** From this width on (cells) a Worker takes one line, below it two. */
const WIDE = 72;
/** Cells of a Worker's bar. */
const BAR = 8;
/** Cells of its tokens, with the gap before them. */
const TOKENS = 7;

/**
 * The view as lines for a terminal of `width` cells: no line is longer, and no character in it does anything but show.
 * The status line is not among them.
 */
export function viewLines(view: SwarmView, { width, language }: { width: number; language: Language }): Line[] {
  const word: Word = (key, values) => viewWord(language, key, values);
  const lines = [
    ...headLines(view, word, language),
    ...haltLines(view, width, language),
    ...view.workers.flatMap((worker) => workerLines(worker, width, word, language)),
    ...gpuLines(view, width, word),
    ...routingLines(view, width, word),
    ...view.problems.map((problem): Line => [{ text: problem, tone: "bad" }]),
  ];
  return lines.map((line) => within(line, width));
}

type Word = (key: Parameters<typeof viewWord>[1], values?: Parameters<typeof viewWord>[2]) => string;

function headLines({ swarm, workers, completed, driven }: SwarmView, word: Word, language: Language): Line[] {
  if (!swarm) return [[{ text: word("none"), tone: "dim" }]];
  const done = workers.length === 0 ? "" : ` · ${word("completed", { n: completed, of: workers.length })}`;
  const tone = swarm.phase === "done" ? "good" : swarm.phase === "aborted" ? "bad" : "head";
  const lines: Line[] = [
    [
      { text: swarmWord(language, `phase.${swarm.phase}`), tone },
      { text: `${done} · ${duration(swarm.durationMs)}`, tone: "plain" },
    ],
  ];
  if (swarm.question !== null) {
    const what = isQuestion(swarm.question) ? word(`asks.${swarm.question}`) : swarm.question;
    lines.push([{ text: word("asks", { what }), tone: "busy" }]);
  }
  if (!swarm.over && !driven) lines.push([{ text: word("undriven"), tone: "dim" }]);
  return lines;
}

/** Why it does not go on, with the next step: the person has to read all of it, so it takes as many lines as it needs. */
function haltLines({ swarm, at }: SwarmView, width: number, language: Language): Line[] {
  if (!swarm?.halt) return [];
  const tone = swarm.halt.kind === "waiting" ? "busy" : "bad";
  const text = plainLine(haltText(swarm.halt, at, language));
  return wrapped(text, width, 1).map((line): Line => [{ text: line, tone }]);
}

function isQuestion(kind: string): kind is "design" | "qa-change" | "unsandboxed-qa" {
  return kind === "design" || kind === "qa-change" || kind === "unsandboxed-qa";
}

function workerLines(worker: WorkerLine, width: number, word: Word, language: Language): Line[] {
  const tone = toneOf(worker);
  const status = swarmWord(language, `worker.${worker.status}`);
  const doing = plainLine(worker.ahead === null ? worker.doing : word("ahead", { n: worker.ahead }));
  const name = plainLine(worker.feature || worker.name);
  const figures = [shortTokens(worker.tokens), duration(worker.durationMs)];
  const bar: Piece = { text: barOf(worker.progress), tone };
  if (width >= WIDE) {
    const [tokens = "", time = ""] = figures;
    const fixed = 4 + 1 + BAR + 2 + 13 + 8 + 9;
    const free = width - fixed;
    const nameWidth = Math.min(20, Math.floor(free * 0.4));
    return [
      [
        { text: `${inCells(worker.id, 4)}${inCells(name, nameWidth)} `, tone: "plain" },
        bar,
        { text: ` ${inCells(status, 13)}`, tone },
        { text: inCells(doing, free - nameWidth), tone: "plain" },
        { text: `${tokens.padStart(8)} ${time.padStart(8)}`, tone: "dim" },
      ],
    ];
  }
  const [tokens = "", time = ""] = figures;
  const nameWidth = Math.max(0, width - 4 - 1 - BAR - TOKENS);
  return [
    [
      { text: `${inCells(worker.id, 4)}${inCells(name, nameWidth)} `, tone: "plain" },
      bar,
      { text: tokens.padStart(TOKENS), tone: "dim" },
    ],
    [
      { text: ` ${status} ${time}`, tone },
      { text: doing === "" ? "" : ` · ${doing}`, tone: "plain" },
    ],
  ];
}

function toneOf({ status }: WorkerLine): Tone {
  if (status === "completed") return "good";
  if (status === "failed" || status === "blocked" || status === "stalled") return "bad";
  return status === "queued" || status === "cancelled" ? "dim" : "busy";
}

function barOf(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  return "█".repeat(filled) + "░".repeat(BAR - filled);
}

function gpuLines({ servers, swarm }: SwarmView, width: number, word: Word): Line[] {
  if (servers.length === 0) return swarm && !swarm.over ? [[{ text: word("gpuUnknown"), tone: "dim" }]] : [];
  return servers.flatMap((gauges) => {
    const load = [
      ...value(gauges.running, (n) => word("running", { n })),
      ...value(gauges.waiting, (n) => word("waiting", { n })),
    ];
    const use = [
      ...value(gauges.kvUsage, (n) => `KV ${Math.round(n * 100)}%`),
      ...value(gauges.prefixHits, (n) => word("prefix", { n: Math.round(n * 100) })),
      ...value(gauges.outputRate, (n) => word("rate", { n: Math.round(n) })),
    ];
    const name = `GPU ${plainLine(gauges.server)}`;
    return folded(name, [...load, ...use], width, gaugeTone(gauges));
  });
}

function gaugeTone({ waiting = 0, kvUsage = 0 }: Gauges): Tone {
  return waiting > 0 || kvUsage > 0.9 ? "busy" : "plain";
}

function value(from: number | undefined, text: (n: number) => string): string[] {
  return from === undefined ? [] : [text(from)];
}

function routingLines({ routing }: SwarmView, width: number, word: Word): Line[] {
  const all = Object.values(routing.requests).reduce((sum, count) => sum + count, 0);
  const shares = Object.entries(routing.requests)
    .sort(([, a], [, b]) => b - a)
    .map(([provider, count]) => `${plainLine(provider)} ${count}`);
  const parts = [
    `${plainLine(routing.primary)} (${word("fusion", { mode: routing.mode })})`,
    ...(routing.fallback === null ? [] : [word("fallback", { why: plainLine(routing.fallback) })]),
    ...(all === 0 ? [] : [word(all === 1 ? "request" : "requests", { n: all })]),
    ...(routing.routed === 0 ? [] : [...shares, word("spared", { n: shortTokens(routing.savedTokens) })]),
  ];
  return folded(word("routing"), parts, width, routing.fallback === null ? "plain" : "busy");
}

/** A heading and what belongs to it, on as many lines as the width needs. */
function folded(heading: string, parts: readonly string[], width: number, tone: Tone): Line[] {
  const lines: { head: string; text: string }[] = [{ head: heading, text: "" }];
  for (const part of parts) {
    const last = lines.at(-1);
    if (!last) break;
    const gap = last.text === "" ? (last.head === "" ? " " : "  ") : " · ";
    if (cellsOf(last.head) + cellsOf(last.text) + cellsOf(gap) + cellsOf(part) <= width) last.text += gap + part;
    else lines.push({ head: "", text: ` ${part}` });
  }
  return lines.map(({ head, text }) => [
    { text: head, tone: "head" },
    { text, tone },
  ]);
}

/** A line cut to the width, without empty pieces. */
function within(line: Line, width: number): Line {
  let left = width;
  return line.flatMap(({ text, tone }) => {
    const shown = plainLine(text);
    const cells = cellsOf(shown);
    const piece = cells <= left ? shown : inCells(shown, left).trimEnd();
    left -= Math.min(cells, left);
    return piece === "" ? [] : [{ text: piece, tone }];
  });
}
