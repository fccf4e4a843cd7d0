import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageLog } from "../../src/adapters/tracking/usageLog.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { median } from "./statistics.ts";

const GOAL_MS = 150;
const EVENTS = 5_000;
const WORKERS = 8;
const SWARM = "s-20260101-120000-abcd";

/** `hud` from the shell, over a swarm of 8 with 5,000 events and a day of 3,000 requests. */
export async function bench(args: readonly string[]): Promise<void> {
  const { json, count } = readArguments(args, { name: "runs", fallback: 15 });
  const dir = mkdtempSync(join(tmpdir(), "omq-bench-hud-"));
  try {
    const about = machine("-");
    layOut(dir);
    const bin = join(process.cwd(), "bin/oh-my-qwencoder.js");
    const env = { ...process.env, HOME: join(dir, "home"), XDG_STATE_HOME: "" };
    const timed = (argv: readonly string[]) => {
      const started = performance.now();
      execFileSync(process.execPath, argv, { cwd: join(dir, "project"), env });
      return performance.now() - started;
    };
    timed([bin, "hud"]);
    const hud: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < count; run += 1) {
      hud.push(timed([bin, "hud"]));
      bare.push(timed(["-e", "0"]));
    }
    const hudMs = Math.round(median(hud));
    const nodeMs = Math.round(median(bare));
    progress(`hud ${hudMs} ms, of which node itself ${nodeMs} ms`);
    const result = { ...about, events: EVENTS, workers: WORKERS, runs: count, hudMs, nodeMs, goalMs: GOAL_MS };
    const met = hudMs <= GOAL_MS;
    finish({ ...result, met }, [`hud: median ${hudMs} ms of ${count} (goal ${GOAL_MS}; node alone ${nodeMs})`], json);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function layOut(dir: string): void {
  const project = join(dir, "project");
  const log = join(project, ".aegis/swarms", SWARM);
  mkdirSync(log, { recursive: true });
  mkdirSync(join(project, ".git"));
  writeFileSync(join(log, "events.jsonl"), eventLines());
  const usage = new UsageLog(join(dir, "home/.local/state/oh-my-qwencoder"));
  const row = {
    provider: "local",
    agent: "worker",
    duration: 900,
    success: true,
    cacheHit: true,
    input: 9_000,
    output: 80,
  };
  const now = Date.now();
  // In the order in which they would have come: older files are folded into the snapshot then.
  for (let request = 3_000; request > 0; request -= 1) usage.append({ ...row, at: now - request * 25_000 });
}

function eventLines(): string {
  const at = Date.now() - 600_000;
  const worker = (index: number) => `w${String(index + 1).padStart(2, "0")}`;
  const indexes = Array.from({ length: WORKERS }, (_, index) => index);
  const settings = { maxWorkers: 8, maxRetries: 3, maxContinuations: 3, designOptional: false, skipPhrases: [] };
  const events: object[] = [
    { type: "swarm_started", at, id: SWARM, session: "c", settings, head: "", dirty: [], language: "en" },
    { type: "design_skipped", at, reason: "asked", by: "person", workersAllowed: 8 },
    { type: "foundation_completed", at, summary: "", commit: "c", tree: "t", qa: [], paths: [] },
    {
      type: "workers_dispatched",
      at,
      workers: indexes.map((index) => ({
        ...{ id: worker(index), name: `part ${index}`, feature: `part ${index}`, spec: "do it" },
        ...{ fileScope: [`src/p${index}/**`], sharedReadOnly: [], dependsOn: [] },
      })),
    },
    ...indexes.map((index) => ({
      type: "worker_started",
      at,
      worker: worker(index),
      session: `s${index}`,
      attempt: 1,
    })),
  ];
  for (let index = 0; events.length < EVENTS; index += 1) {
    const part = index % WORKERS;
    events.push({
      type: "worker_wrote",
      at: at + index * 100,
      worker: worker(part),
      paths: [`src/p${part}/f${index % 40}.ts`],
    });
  }
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}
