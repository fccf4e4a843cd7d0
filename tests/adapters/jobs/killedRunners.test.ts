import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { bullmqEngine } from "../../../src/adapters/jobs/bullmqEngine.ts";
import { localEngine } from "../../../src/adapters/jobs/localEngine.ts";
import { tellingKey } from "../../../src/adapters/jobs/redisJobs.ts";
import { taskIdOf } from "../../../src/core/jobs/taskId.ts";
import type { JobEngine } from "../../../src/ports/jobEngine.ts";
import { request } from "../../core/jobs/scenario.ts";
import { hasRedis, startRedis } from "./redis.ts";

/** The whole proof: OMQ_PROOF_JOBS=1000 (`npm run test:jobs`). */
const JOBS = Number(process.env.OMQ_PROOF_JOBS ?? 60);
const RUNNERS = JOBS >= 1_000 ? 8 : 4;
/** Beginnings of work between two kills. */
const BETWEEN = 5;

const root = fileURLToPath(new URL("../../../", import.meta.url));
// Below the packages that it imports.
const program = join(root, "node_modules/.cache/omq-tests/proofRunner.mjs");

beforeAll(async () => {
  mkdirSync(join(program, ".."), { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL("proofRunner.ts", import.meta.url))],
    outfile: program,
    ...{ bundle: true, platform: "node", target: "node20", format: "esm", packages: "external" },
  });
});

/** Runs all jobs with runners that are killed at random moments of their work. */
async function prove(engine: JobEngine, place: string) {
  const dir = mkdtempSync(join(tmpdir(), "omq-proof-"));
  const notes = join(dir, "notes");
  const children = new Set<ChildProcess>();
  let ending = false;
  const start = () => {
    const child = spawn(process.execPath, [program, place, notes], { stdio: ["ignore", "inherit", "inherit"] });
    children.add(child);
    child.once("exit", () => {
      children.delete(child);
      if (!ending) start();
    });
  };
  onTestFinished(async () => {
    ending = true;
    const exits = [...children].map((child) => new Promise((resolve) => child.once("exit", resolve)));
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(exits);
    rmSync(dir, { recursive: true, force: true });
  });
  const lines = () => (existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : []);

  const ids: string[] = [];
  for (let index = 0; index < JOBS; index += 1)
    ids.push((await engine.enqueue({ ...request, prompt: `job ${index}`, max_attempts: 100 })).task_id);
  for (let index = 0; index < RUNNERS; index += 1) start();

  const started = performance.now();
  let killed = 0;
  await expect
    .poll(
      () => {
        const begun = lines().filter((line) => line.startsWith("begun")).length;
        if (begun >= (killed + 1) * BETWEEN) {
          const victim = [...children][Math.floor(Math.random() * children.size)];
          if (victim?.kill("SIGKILL")) killed += 1;
        }
        // Of an end that a killed runner wrote and did not tell, another one tells.
        return new Set(lines().flatMap((line) => (line.startsWith("ended") ? [line.split(" ")[1]] : []))).size === JOBS;
      },
      { timeout: 600_000, interval: 10 },
    )
    .toBe(true);
  await expect
    .poll(async () => (await engine.list()).jobs.filter(({ status }) => status === "completed").length, {
      timeout: 600_000,
      interval: 100,
    })
    .toBe(JOBS);
  const ms = Math.round(performance.now() - started);

  const { jobs, damaged } = await engine.list();
  expect(damaged).toEqual([]);
  expect(jobs.map(({ task_id }) => task_id).sort()).toEqual([...ids].sort());
  for (const job of jobs) expect(job.result).toMatch(new RegExp(`^${job.prompt} by \\d+$`));
  const told = lines().filter((line) => line.startsWith("ended"));
  // Nobody was told of two ends of one job; the same one is told again where the runner died before it could note that.
  expect(new Set(told).size).toBe(JOBS);
  expect(told.length - JOBS).toBeLessThanOrEqual(killed);
  const repeated = jobs.reduce((sum, { attempt }) => sum + attempt - 1, 0);
  console.log(JSON.stringify({ engine: engine.name, jobs: JOBS, runners: RUNNERS, killed, repeated, ms }));
  expect(killed).toBeGreaterThanOrEqual(JOBS / 10);
  return jobs;
}

/** A webhook that the first runner's call never gets an answer of, and the second's at once. */
async function reluctantReceiver() {
  const deliveries: unknown[] = [];
  const server = createServer((request, response) => {
    request.resume();
    deliveries.push(request.headers["x-omq-delivery"]);
    if (deliveries.length > 1) response.end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { deliveries, url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/` };
}

/** A runner dies while it tells of an end: the next one tells, and then nobody. */
async function tellAfterDeath(engine: JobEngine, place: string, tellerIsSeenGone: (id: string) => Promise<void>) {
  const { deliveries, url } = await reluctantReceiver();
  const notes = join(mkdtempSync(join(tmpdir(), "omq-teller-")), "notes");
  onTestFinished(() => rmSync(join(notes, ".."), { recursive: true, force: true }));
  const start = () =>
    spawn(process.execPath, [program, place, notes, url], { stdio: ["ignore", "inherit", "inherit"] });
  const gone = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));
  const { task_id } = await engine.enqueue(request);

  const first = start();
  await expect.poll(() => deliveries, { timeout: 60_000 }).toEqual([task_id]);
  expect(await engine.read(task_id)).toMatchObject({ status: "completed" });
  const death = gone(first);
  first.kill("SIGKILL");
  await death;
  await tellerIsSeenGone(task_id);

  const second = start();
  await expect.poll(() => deliveries, { timeout: 60_000 }).toEqual([task_id, task_id]);
  const end = gone(second);
  // It ends in order, so it has noted by then that everybody was told.
  second.kill("SIGTERM");
  await end;
  await tellerIsSeenGone(task_id);
  expect((await engine.sweep()).ended).toEqual([]);
}

const services = { newId: () => taskIdOf(Date.now(), randomBytes(4)), now: () => Date.now() };

test("the end that a killed runner did not tell is told by the next one: local", async () => {
  const place = mkdtempSync(join(tmpdir(), "omq-teller-jobs-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  await tellAfterDeath(localEngine({ root: place, ...services }), place, async () => undefined);
});

test.skipIf(!hasRedis)("the end that a killed runner did not tell is told by the next one: bullmq", async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const engine = await bullmqEngine({ url: redis.url, ...services, log: () => undefined });
  onTestFinished(() => engine.close());
  // Its time is over.
  await tellAfterDeath(engine, redis.url, (id) => redis.forget(tellingKey(id)));
});

test("every job has one result, whatever runners are killed: local", { timeout: 1_200_000 }, async () => {
  const place = mkdtempSync(join(tmpdir(), "omq-proof-jobs-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const jobs = await prove(localEngine({ root: place, ...services }), place);
  // The turns of a job are all that ever happened to it: one of them is an end.
  for (const { task_id } of jobs) {
    const turns = join(place, task_id, "turns");
    // A draft that a killed runner left is no turn.
    const ends = readdirSync(turns).filter(
      (name) => !name.startsWith(".") && readFileSync(join(turns, name), "utf8").includes('"completed"'),
    );
    expect(ends).toHaveLength(1);
  }
});

test.skipIf(!hasRedis)(
  "every job has one result, whatever runners are killed: bullmq",
  { timeout: 1_200_000 },
  async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const engine = await bullmqEngine({ url: redis.url, ...services, log: () => undefined });
    onTestFinished(() => engine.close());
    await prove(engine, redis.url);
  },
);
