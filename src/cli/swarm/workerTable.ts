import { cellsOf, inCells, plainLine } from "../../core/view/cells.ts";
import { shortTokens } from "../../core/view/tokenCounts.ts";
import { duration, type LiveView, progressBar, workerRows } from "../../core/workflow/dashboard.ts";
import type { Swarm } from "../../core/workflow/state.ts";
import { swarmWord } from "../../core/workflow/swarmWords.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** Where no terminal says how wide it is. */
const WIDTH = 100;
/** Cells of a Worker's name, at most; of its status, time and tokens. */
const NAME = 24;
const STATUS = 13;
const TIME = 8;
const TOKENS = 8;

/** Workers in columns no wider than the terminal, and how many have completed. @param now ms since the epoch */
export function workerTable(
  io: Pick<Io, "lang" | "colour" | "columns">,
  swarm: Swarm,
  now: number,
  live: ReadonlyMap<string, LiveView>,
): string[] {
  const text = (key: Parameters<typeof say>[1]) => say(io.lang, key);
  if (swarm.workers.length === 0) return [text("swarm.status.noWorkers")];
  const rows = workerRows(swarm, now, live, io.lang).map((row) => ({
    ...row,
    title: plainLine(row.feature || row.name),
  }));
  const name = Math.min(NAME, Math.max(...rows.map(({ title }) => cellsOf(title)), cellsOf(text("swarm.worker.name"))));
  const before = 5 + name + 1 + STATUS + 1 + TIME + 1 + TOKENS + 2;
  const doing = Math.max(8, (io.columns ?? WIDTH) - before);
  const line = (id: string, title: string, time: string, tokens: string) => ({
    start: `${inCells(id, 4)} ${inCells(title, name)} `,
    end: ` ${right(time, TIME)} ${right(tokens, TOKENS)}  `,
  });
  const head = line("ID", text("swarm.worker.name"), text("swarm.worker.time"), text("swarm.worker.tokens"));
  return [
    paint(
      io,
      "bold",
      `${head.start}${inCells(text("swarm.worker.status"), STATUS)}${head.end}${text("swarm.worker.now")}`,
    ),
    ...rows.map((row) => {
      const { start, end } = line(row.id, row.title, duration(row.durationMs), shortTokens(row.tokens));
      const status = paint(io, colourOf(row.status), inCells(swarmWord(io.lang, `worker.${row.status}`), STATUS));
      return `${start}${status}${end}${inCells(plainLine(row.doing), doing)}`.trimEnd();
    }),
    "",
    progressBar(swarm, io.lang),
  ];
}

function right(text: string, width: number): string {
  return `${" ".repeat(Math.max(0, width - cellsOf(text)))}${text}`;
}

function colourOf(status: string): Parameters<typeof paint>[1] {
  if (status === "completed") return "green";
  if (status === "failed" || status === "blocked" || status === "stalled") return "red";
  return status === "queued" || status === "cancelled" ? "dim" : "yellow";
}
