import { inCells } from "../../core/view/cells.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { fitted } from "../textWidth.ts";
import type { Check, CheckName, CheckRow } from "./check.ts";

/** Milliseconds before a person is told what is still being looked at. */
const quietMs = 2_000;
/** Off a terminal a line stays, so it comes rarely. */
const lineEveryMs = 15_000;

/** After this long (ms) a person is told why it takes that long. */
const LONG_MS = 10_000;
/** Checks that wait for an OpenCode to start. */
const STARTS: ReadonlySet<CheckName> = new Set([
  ...(["config", "opencode-config", "elsewhere", "plugin-loads", "providers", "gate"] as const),
]);

/** Column at which a line says what was seen. */
const SEEN_AT = 25;

const marks = { ok: "green", warn: "yellow", fail: "red", skip: "dim" } as const;

/** Writes rows in the list's order as soon as all before them have ended, and what still runs meanwhile. */
export interface Report {
  began(check: Check): void;
  ended(row: CheckRow): void;
  /** Ends the progress. */
  close(): void;
}

function line(io: Io, row: CheckRow): string {
  const mark = paint(io, marks[row.status], row.status.padEnd(4));
  const seen = row.status === "skip" ? paint(io, "dim", row.seen) : row.seen;
  return `${fitted(io, `  ${mark}  ${row.name.padEnd(16)} ${seen}`, SEEN_AT)}\n`;
}

/**
 * @param order the checks of this run
 * @param rows where rows go (stdout, or stderr under `--json`)
 */
export function makeReport(io: Io, order: readonly Check[], rows: { write(text: string): unknown }): Report {
  const running = new Set<CheckName>();
  const done = new Map<CheckName, CheckRow>();
  const begun = Date.now();
  let next = 0;
  let group: string | undefined;
  let shown = false;
  let lastLine = 0;
  const erase = () => {
    if (shown) io.stderr.write("\r\u001b[K");
    shown = false;
  };
  const tell = () => {
    const since = Date.now() - begun;
    if (since < quietMs || running.size === 0) return;
    const words = { seconds: Math.round(since / 1000), names: [...running].join(", ") };
    const key =
      since >= LONG_MS && [...running].some((name) => STARTS.has(name)) ? "doctor.running.start" : "doctor.running";
    const text = say(io.lang, key, words);
    if (io.isTTY) {
      erase();
      // One line of the terminal, or erasing it would leave the rest.
      io.stderr.write(paint(io, "dim", inCells(text, (io.columns ?? 80) - 2)));
      shown = true;
    } else if (Date.now() - lastLine >= lineEveryMs) {
      lastLine = Date.now();
      io.stderr.write(`${text}\n`);
    }
  };
  const timer = setInterval(tell, 500);
  timer.unref();
  const flush = () => {
    for (;;) {
      const row = done.get(order[next]?.name ?? ("" as CheckName));
      if (!row) return;
      next += 1;
      if (row.group !== group) {
        rows.write(
          `${group === undefined ? "" : "\n"}${paint(io, "bold", say(io.lang, `doctor.group.${row.group}`))}\n`,
        );
        group = row.group;
      }
      rows.write(line(io, row));
    }
  };
  return {
    began(check) {
      running.add(check.name);
    },
    ended(row) {
      running.delete(row.name);
      done.set(row.name, row);
      erase();
      flush();
    },
    close() {
      clearInterval(timer);
      erase();
    },
  };
}

/** What to do, worst first; checks with the same mend share one entry. Empty where nothing is to be done. */
export function mends(io: Io, rows: readonly CheckRow[]): string {
  const entries = new Map<string, CheckRow[]>();
  for (const status of ["fail", "warn"] as const) {
    for (const row of rows) {
      if (row.status !== status || row.mend === undefined) continue;
      entries.set(row.mend, [...(entries.get(row.mend) ?? []), row]);
    }
  }
  if (entries.size === 0) return "";
  const lines = [...entries].map(([mend, of], index) => {
    const worst = of[0]?.status ?? "warn";
    const names = paint(io, marks[worst], of.map(({ name }) => name).join(", "));
    return `${fitted(io, `  ${index + 1}. ${names}: ${mend}`, 5)}\n`;
  });
  return `\n${paint(io, "bold", say(io.lang, "doctor.todo"))}\n${lines.join("")}`;
}
