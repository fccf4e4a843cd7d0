import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { localEngine } from "../../../src/adapters/jobs/localEngine.ts";
import { identityOf, isAlive, processPlace } from "../../../src/adapters/processIdentity.ts";
import type { JobRunner } from "../../../src/core/jobs/record.ts";
import { taskIdOf } from "../../../src/core/jobs/taskId.ts";
import { done, request } from "../../core/jobs/scenario.ts";
import { engineContract } from "./engineContract.ts";

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "omq-jobs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function engineAt(root: string) {
  return localEngine({ root, newId: () => taskIdOf(Date.now(), randomBytes(4)), now: () => Date.now() });
}

function runnerOf(process: { pid: number; started: string }): JobRunner {
  const token = randomBytes(8).toString("hex");
  return { ...process, token, host: "here", place: processPlace(), lease_ms: 15_000 };
}

/** A process that ended, as it was while it ran. */
function ended() {
  const { stdout } = { stdout: execFileSync("sh", ["-c", "cat /proc/$$/stat; echo; echo $$"], { encoding: "utf8" }) };
  const [stat = "", pid = ""] = stdout.trim().split(/\n+/);
  return { pid: Number(pid), started: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "" };
}

async function open() {
  const root = makeRoot();
  return {
    engine: engineAt(root),
    other: engineAt(root),
    runner: () => runnerOf(identityOf(process.pid)),
    deadRunner: () => runnerOf(ended()),
    // Its process is looked for.
    tellerDies: async () => undefined,
    root,
  };
}

engineContract(open);

test("two jobs never share an id", async () => {
  const root = makeRoot();
  const ids = ["task-20260122-103000-aaaa", "task-20260122-103000-aaaa", "task-20260122-103000-bbbb"];
  const engine = localEngine({ root, newId: () => ids.shift() ?? "", now: () => Date.now() });
  expect((await engine.enqueue(request)).task_id).toMatch(/aaaa$/);
  expect((await engine.enqueue(request)).task_id).toMatch(/bbbb$/);
});

test("a damaged job.json is named and goes on from its turns; where those are gone too, others are not concerned", async () => {
  const { engine, runner } = await open();
  const [first, second] = [await engine.enqueue(request), await engine.enqueue(request)];
  writeFileSync(engine.placeOf(first.task_id), '{"task_id": "task-');
  const listed = await engine.list();
  expect(listed.jobs.map(({ task_id }) => task_id)).toEqual([first.task_id, second.task_id]);
  expect(listed.damaged).toMatchObject([
    { task_id: first.task_id, place: engine.placeOf(first.task_id), recovered: true },
  ]);

  writeFileSync(join(engine.placeOf(first.task_id), "..", "turns", "000001.json"), "");
  expect(await engine.list()).toMatchObject({
    jobs: [{ task_id: second.task_id }],
    damaged: [{ task_id: first.task_id, recovered: false }],
  });
  await expect(engine.read(first.task_id)).rejects.toThrow(engine.placeOf(first.task_id));
  expect((await engine.claim(runner()))?.task_id).toBe(second.task_id);
  expect((await engine.sweep()).requeued).toEqual([]);
});

test("a job.json that lags behind its turns, and lost hints, are mended by whoever looks", async () => {
  const { engine, runner, root } = await open();
  const { task_id } = await engine.enqueue(request);
  const old = readFileSync(engine.placeOf(task_id), "utf8");
  for (const hint of readdirSync(join(root, ".queue"))) unlinkSync(join(root, ".queue", hint));
  expect(await engine.claim(runner())).toBeUndefined();
  await engine.list();
  const job = await engine.claim(runner());
  if (!job) throw new Error("nothing was claimed");
  writeFileSync(engine.placeOf(task_id), old);
  expect(await engine.read(task_id)).toMatchObject({ status: "running" });
  expect(await engine.finish(job, done)).toMatchObject({ ok: true });
  expect(JSON.parse(readFileSync(engine.placeOf(task_id), "utf8"))).toMatchObject({
    status: "completed",
    exit_code: 0,
  });
});

test("a runner that lives and is silent hangs: it is ended before its job is handed on", async () => {
  const { engine } = await open();
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit");
  const { task_id } = await engine.enqueue(request);
  const claimed = await engine.claim(runnerOf(identityOf(child.pid ?? 0)));
  if (!claimed) throw new Error("nothing was claimed");
  expect((await engine.sweep()).requeued).toEqual([]);
  const root = join(engine.placeOf(task_id), "..", "..");
  const at = (ms: number) => localEngine({ root, newId: () => "", now: () => Date.now() + ms });
  // An hour later it was heard a second ago, and an hour after that no more.
  await at(3_599_000).heartbeat(claimed);
  expect((await at(3_600_000).sweep()).requeued).toEqual([]);
  const later = at(7_200_000);
  expect((await later.sweep()).requeued).toMatchObject([{ task_id, status: "queued", lost: [{ pid: child.pid }] }]);
  expect((await exit)[1]).toBe("SIGKILL");
});

test("a runner of another machine or container is lost with its lease, not by its pid", async () => {
  const { engine, root } = await open();
  const { task_id } = await engine.enqueue(request);
  await engine.claim({ ...runnerOf(ended()), place: "another boot" });
  expect((await engine.sweep()).requeued).toEqual([]);
  const later = localEngine({ root, newId: () => "", now: () => Date.now() + 16_000 });
  expect((await later.sweep()).requeued).toMatchObject([{ task_id }]);
});

test("a process that nobody waited for is not alive", async () => {
  const child = spawn("sh", ["-c", "sleep 0 & exec sleep 600"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const zombie = () =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .find((pid) => {
        const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return state === "Z" && parent === String(child.pid);
      });
  await expect.poll(zombie, { timeout: 30_000 }).toBeDefined();
  const pid = Number(zombie());
  expect(isAlive(identityOf(pid))).toBe(false);
  expect(isAlive(identityOf(process.pid))).toBe(true);
});

test("an end that a process of another machine did not tell in five minutes is told here", async () => {
  const { engine, root } = await open();
  const { task_id } = await engine.enqueue(request);
  const claimed = await engine.claim({ ...runnerOf(ended()), place: "another boot" });
  if (!claimed) throw new Error("nothing was claimed");
  await engine.finish(claimed, done);
  expect((await engine.sweep()).ended).toEqual([]);
  const at = (ms: number) => localEngine({ root, newId: () => "", now: () => Date.now() + ms });
  expect((await at(299_000).sweep()).ended).toEqual([]);
  expect((await at(301_000).sweep()).ended).toMatchObject([{ task_id, status: "completed" }]);
});

test("an end that is owed for a job that was forgotten is nobody's", async () => {
  const { engine, deadRunner, root } = await open();
  await engine.enqueue(request);
  const claimed = await engine.claim(deadRunner());
  if (!claimed) throw new Error("nothing was claimed");
  await engine.finish(claimed, done);
  await engine.prune({ before: new Date(Date.now() + 1_000), statuses: ["completed"] });
  expect((await engine.sweep()).ended).toEqual([]);
  expect(readdirSync(join(root, ".untold"))).toEqual([]);
});
