import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { localEngine } from "./adapters/jobs/localEngine.ts";
import { spawnRunner, takePlace } from "./adapters/jobs/spawnRunner.ts";
import { identityOf, processPlace } from "./adapters/processIdentity.ts";
import { jobsHome, redisUrl } from "./config/jobsHome.ts";
import type { Config } from "./config/schema.ts";
import { analyzeTask } from "./core/executors/taskAnalysis.ts";
import type { EndedJob } from "./core/jobs/record.ts";
import { taskIdOf } from "./core/jobs/taskId.ts";
import { jobNotices } from "./jobNotices.ts";
import type { JobEngine } from "./ports/jobEngine.ts";
import type { ExecuteJob, OnJobEnd } from "./ports/jobWork.ts";
import { JobDesk } from "./runtime/jobs/jobDesk.ts";
import { JobNotices } from "./runtime/jobs/notices.ts";

/** What jobs need of the process they are asked for in. */
export interface JobPlace {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Notes for the operator. */
  log(message: string, error?: unknown): void;
  /** In place of the providers' command lines. */
  execute?: ExecuteJob;
  /** Told of every end that this process brings about, in place of everybody that the configuration names. */
  onEnd?: OnJobEnd;
}

/** A runner that is not heard for so long is lost (ms). */
const LEASE_MS = 15_000;

/**
 * Jobs as configured: the one composition that the command line, the plugin and programs share. Opens the store, starts
 * nothing before a job asks for it. Call `close` at the end.
 */
export async function openJobs(config: Config, place: JobPlace): Promise<JobDesk> {
  const root = jobsHome(place.env, place.home);
  const places = { root, most: config.routing.maxOpencodeWorkers };
  const { engine, workers } = await openEngine(config, place);
  const { onEnd, told } = endOf(config, place, engine);
  return new JobDesk({
    engine,
    ...(workers ? { workers } : {}),
    limits: config.jobs,
    now: () => Date.now(),
    kindOf: (description, agent) => analyzeTask({ description, agent }).inferredType,
    onEnd,
    told,
    log: place.log,
    ensureRunner: async (cwd) => {
      if (engine.name === "local") await spawnRunner(places, { env: place.env, cwd });
    },
  });
}

interface OpenEngine {
  engine: JobEngine;
  /** Runners that are connected; only where they have to be started by hand. */
  workers?: () => Promise<number>;
}

async function openEngine(config: Config, place: JobPlace): Promise<OpenEngine> {
  const services = { newId: () => taskIdOf(Date.now(), randomBytes(4)), now: () => Date.now() };
  if (config.jobs.engine === "local") {
    return { engine: localEngine({ root: jobsHome(place.env, place.home), ...services }) };
  }
  // A dependency of this engine alone, which nobody else should have to load.
  const { bullmqEngine } = await import("./adapters/jobs/bullmqEngine.ts");
  const engine = await bullmqEngine({ url: redisUrl(config.jobs, place.env), log: place.log, ...services });
  return { engine, workers: () => engine.workers() };
}

/** Who is told of an end, and when they all were. */
function endOf(config: Config, place: JobPlace, engine: JobEngine): { onEnd: OnJobEnd; told(): Promise<void> } {
  const root = jobsHome(place.env, place.home);
  const told = ({ task_id }: EndedJob) => engine.told(task_id);
  const notices = place.onEnd
    ? new JobNotices([{ name: "onEnd", tell: place.onEnd }], { told, log: place.log })
    : jobNotices(config, { ...place, root, told, placeOf: ({ task_id }) => engine.placeOf(task_id) });
  return { onEnd: async (job) => notices.tell(job), told: () => notices.settled() };
}

/**
 * Runs jobs in this process.
 *
 * @param options `idle` takes one of the machine's places for runners, works until no job waits and ends, at once where all
 * places are taken; `stopped` works until `signal`
 * @returns how many it began
 */
export async function runJobs(
  config: Config,
  place: JobPlace,
  options: { until: "idle" | "stopped"; places: number; signal: AbortSignal; onOpen?(place: string): void },
): Promise<number> {
  // What does the work is much to load, and whoever starts a job waits for it.
  const [{ executeJob }, { projectChanges }, { workJobs }] = await Promise.all([
    import("./library/executeJob.ts"),
    import("./adapters/jobs/projectChanges.ts"),
    import("./runtime/jobs/workJobs.ts"),
  ]);
  const root = jobsHome(place.env, place.home);
  const { engine } = await openEngine(config, place);
  const { onEnd, told } = endOf(config, place, engine);
  const services = {
    engine,
    // Not for OpenCode's own programs: they would take themselves for a Bun.
    execute: place.execute ?? executeJob({ env: { ...place.env, BUN_BE_BUN: undefined }, log: place.log }),
    watchChanges: projectChanges,
    onEnd,
    log: place.log,
  };
  const runner = { ...identityOf(process.pid), host: hostname(), place: processPlace(), lease_ms: LEASE_MS };
  const newToken = () => randomBytes(16).toString("hex");
  let begun = 0;
  try {
    options.onOpen?.(engine.place);
    if (options.until === "stopped" || engine.name !== "local")
      return await workJobs(services, { ...options, runner, newToken });
    for (;;) {
      const held = await takePlace({ root, most: config.routing.maxOpencodeWorkers });
      if (held === undefined) return begun;
      try {
        begun += await workJobs(services, { ...options, runner, newToken, places: 1 });
      } finally {
        await held.release();
      }
      // One that was asked for while all places were taken is this runner's, or nobody's.
      const { jobs } = await engine.list();
      if (options.signal.aborted || !jobs.some(({ status }) => status === "queued")) return begun;
    }
  } finally {
    await told();
    await engine.close();
  }
}
