import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeLive } from "../../../src/adapters/view/liveFile.ts";

/** Logs of a demo swarm of 8, as a real OpenCode wrote them (`demo --workers 8`, a scripted model). */
const RECORDED = join(process.cwd(), "tests/fixtures/dashboard");

type Line = Record<string, unknown>;
const linesOf = (name: string): Line[] =>
  readFileSync(join(RECORDED, `${name}.jsonl`), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => JSON.parse(line));

interface Due {
  at: number;
  line: Line;
}

/** A project in which the recorded swarm stands where it stood after some of its events, as if that were now. */
export interface RecordedSwarm {
  id: string;
  stateDir: string;
  append(...events: readonly Line[]): void;
  /** Goes on as it was recorded, up to a time (ms since the epoch). */
  advance(to: number): void;
  /** What the driving process would tell, now. */
  tell(doing: Record<string, { doing?: string; ahead?: number; tokens?: number }>, gauges?: Line): Promise<void>;
}

/** Events of the recorded swarm up to which all Workers are at work. */
export const AT_WORK = 52;

/** @param events how many of its events have happened; @param now ms since the epoch, when the last of them did */
export function recordedSwarm(project: string, { events, now }: { events: number; now: number }): RecordedSwarm {
  const recorded = linesOf("events");
  const cut = Number(recorded.slice(0, events).at(-1)?.at);
  const later = now - cut;
  const id = String(recorded[0]?.id);
  const stateDir = join(project, ".aegis");
  const log = join(stateDir, "swarms", id, "events.jsonl");
  mkdirSync(dirname(log), { recursive: true });
  const iso = (at: unknown) => new Date(Date.parse(String(at)) + later).toISOString();
  const files = [
    {
      file: log,
      lines: recorded.map((line, n): Due => {
        const at = Number(line.at) + later;
        return { at: n < events ? 0 : at, line: { ...line, at } };
      }),
    },
    {
      file: join(stateDir, "gate.jsonl"),
      lines: linesOf("gate").map(
        (line): Due => ({ at: Date.parse(String(line.at)) + later, line: { ...line, at: iso(line.at) } }),
      ),
    },
    {
      file: join(stateDir, "calls.jsonl"),
      lines: linesOf("calls").map((line): Due => {
        const end = line.end === undefined ? {} : { end: Number(line.end) + later };
        const moved = { ...line, at: iso(line.at), start: Number(line.start) + later, ...end };
        return { at: Date.parse(String(line.at)) + later, line: moved };
      }),
    },
  ];
  const advance = (to: number) => {
    for (const each of files) {
      const due = each.lines.filter(({ at }) => at <= to);
      each.lines = each.lines.filter(({ at }) => at > to);
      if (due.length > 0 || to === now) appendFileSync(each.file, text(due.map(({ line }) => line)));
    }
  };
  advance(now);
  return {
    id,
    stateDir,
    advance,
    append: (...more) => appendFileSync(log, text(more)),
    async tell(doing, gauges) {
      const at = Date.now();
      const workers = Object.entries(doing).map(([worker, { tokens, ...view }]) => [
        worker,
        { ...view, ...(tokens === undefined ? {} : { tokens: { input: tokens, output: 0, cached: 0 } }) },
      ]);
      const servers = gauges ? [{ server: "127.0.0.1:8001", at, ...gauges }] : [];
      await writeLive(stateDir, {
        ...{ at, pid: process.pid, swarm: id, primary: "local" },
        ...{ workers: Object.fromEntries(workers), servers },
      });
    },
  };
}

/** A git repository with the files that the demo's project has. */
export function demoProject(project: string): void {
  mkdirSync(project, { recursive: true });
  const files = [
    ...["package.json", "README.md", "tsconfig.json", "biome.json", "scripts/test.mjs", "src/app.ts", "src/main.ts"],
    ...["src/lib/clock.ts", "src/lib/ids.ts", "src/lib/result.ts", "src/store/store.ts", "src/api/handler.ts"],
    ...["src/ui/ui.ts", "src/ui/html.ts", "src/search/wordIndex.ts", "src/auth/permissions.ts", "src/auth/tokens.ts"],
    ...["src/export/csv.ts", "src/metrics/counters.ts", "src/notifications/outbox.ts"],
  ];
  for (const file of files) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), "");
  }
  writeFileSync(join(project, ".gitignore"), ".aegis/\n");
  execFileSync("git", ["init", "-q", project]);
}

function text(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
