import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { isAlive } from "../../src/adapters/processIdentity.ts";
import { jobRecordSchema } from "../../src/core/jobs/record.ts";
import { hasCode } from "../../src/ports/thrown.ts";
import { cli, makeWorld, put } from "./io.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const SETTLED = { timeout: 60_000, interval: 50 };
const notesSchema = z.object({ pid: z.number(), child: z.number() });

/**
 * A project and a home. `opencode` is a program that writes a file, starts a child outside its process group, waits for
 * `open()` and then plays a recorded run.
 */
function world() {
  const { dir, project, env: base } = makeWorld();
  const gate = join(dir, "gate");
  const notes = join(dir, "notes.json");
  mkdirSync(join(dir, "bin"));
  const program = put(
    join(dir, "bin", "opencode"),
    `#!/bin/sh
echo "export const docs = true;" > docs.ts
echo "working on it" >&2
setsid sleep 600 & echo "{\\"pid\\": $$, \\"child\\": $!}" > ${notes}.new && mv ${notes}.new ${notes}
while [ ! -e ${gate} ]; do sleep 0.02; done
SCRIPTED=${path("../fixtures/cli/opencode-success.json")} exec ${process.execPath} ${path("../adapters/programs/scripted.mjs")} "$@"
`,
  );
  chmodSync(program, 0o755);
  const env = { ...base, PATH: `${join(dir, "bin")}:${base.PATH}` };
  const open = () => writeFileSync(gate, "");
  const run = (...argv: string[]) => cli(["job", ...argv], { env, cwd: project });
  const json = async (...argv: string[]): Promise<unknown> => JSON.parse((await run(...argv, "--json")).out);
  const job = async (id: string) => jobRecordSchema.parse(await json("show", id));
  const noted = async () => {
    await expect.poll(() => existsSync(notes), SETTLED).toBe(true);
    return notesSchema.parse(JSON.parse(readFileSync(notes, "utf8")));
  };
  onTestFinished(async () => {
    open();
    await expect.poll(async () => (await run("list")).out, SETTLED).not.toMatch(/queued|running/);
    // A runner writes until it ends: its home may go after that.
    await expect.poll(() => runnersOf(dir), SETTLED).toEqual([]);
  });
  return { dir, project, env, run, json, job, open, noted };
}

const started = z.object({ task_id: z.string(), status: z.literal("queued"), result: z.string() });

/** Processes whose results lie below `dir`. */
function runnersOf(dir: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`OMQ_RESULTS_DIR=${dir}/`);
    } catch (error) {
      // Ended meanwhile, or another user's.
      if (hasCode(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return false;
      throw error;
    }
  });
}

function gone(pid: number): boolean {
  return !isAlive({ pid, started: /\) \S+ (?:\S+ ){18}(\S+)/.exec(statOf(pid))?.[1] ?? "gone" });
}
function statOf(pid: number): string {
  return existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
}

test("a job goes on after the program that started it is gone, and tells what it did and changed", async () => {
  const { project, env, run, json, job, open, noted } = world();
  await execa("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "a"], {
    cwd: project,
  });
  const bin = path("../../bin/oh-my-qwencoder.js");
  const { stdout } = await execa(process.execPath, [bin, "job", "start", "Add docstrings to src/api", "--json"], {
    cwd: project,
    env,
    extendEnv: false,
  });
  const { task_id: id, result } = started.parse(JSON.parse(stdout));
  await noted();
  expect(await job(id)).toMatchObject({ status: "running", provider: "local", kind: "implementation" });
  expect((await run("list")).out).toMatch(new RegExp(`^${id}  running .*Add docstrings to src/api\n$`));
  expect((await run("list", "--lang", "ko")).out).toContain("실행 중");
  open();
  const waited = await run("wait", id);
  expect(waited).toMatchObject({ code: 0, out: expect.stringContaining(`${id} completed, exit code 0`) });

  const record = await job(id.slice(-4));
  expect(record).toMatchObject({
    ...{ status: "completed", exit_code: 0, result: "The answer is 42.", attempt: 1, project },
    tokens: { input: 2391, output: 5, cached: 0 },
    session: expect.stringMatching(/^ses_/),
    changes: { files: 1, insertions: 1, deletions: 0, paths: [{ path: "docs.ts" }] },
  });
  // What any program reads is the same.
  expect(jobRecordSchema.parse(JSON.parse(readFileSync(result, "utf8")))).toEqual(record);
  const shown = (await run("show", id)).out;
  expect(shown).toMatch(
    /Result\nThe answer is 42\.\n\nChanged: 1 files, 1 lines added, 0 removed\n {2}docs\.ts {2}\+1 -0\n$/,
  );
  expect((await run("logs", id)).out).toContain("working on it");

  expect(await json("prune")).toEqual({ ok: true, pruned: [] });
  expect(await json("prune", "--older-than", "0")).toEqual({ ok: true, pruned: [id] });
  expect((await run("list")).out).toContain("No jobs.");
});

test("a cancelled job ends with everything that it started", async () => {
  const { run, job, json, noted } = world();
  const { task_id: id } = started.parse(await json("start", "Add docstrings to src/api"));
  const { pid, child } = await noted();
  expect((await run("cancel", id)).out).toContain(`${id} is being ended`);
  expect(await run("wait", id)).toMatchObject({ code: 1, err: expect.stringContaining("1 of 1 did not complete") });
  expect(await job(id)).toMatchObject({ status: "cancelled", exit_code: 130 });
  await expect.poll(() => gone(pid) && gone(child), SETTLED).toBe(true);
  expect(await run("cancel", id)).toMatchObject({ code: 1, err: expect.stringContaining("has ended already") });
});

test("a killed runner is seen by whoever looks: its work is ended, another does the job", async () => {
  const { json, job, noted, open, run } = world();
  const { task_id: id } = started.parse(await json("start", "Add docstrings to src/api"));
  const { pid, child } = await noted();
  const running = await job(id);
  if (running.status !== "running") throw new Error(running.status);
  process.kill(running.runner.pid, "SIGKILL");
  await expect.poll(() => gone(running.runner.pid), SETTLED).toBe(true);
  expect(await job(id)).toMatchObject({ status: "queued", lost: [{ pid: running.runner.pid }] });
  await expect.poll(() => gone(pid) && gone(child), SETTLED).toBe(true);
  open();
  expect(await run("wait", id)).toMatchObject({ code: 0 });
  expect(await job(id)).toMatchObject({ status: "completed", attempt: 2 });
});

test("in the foreground it shows what it does, and its end is the command's", async () => {
  const { run, open, json } = world();
  open();
  const done = await run("start", "--foreground", "Explain the login");
  expect(done).toMatchObject({ code: 0, out: "The answer is 42.\n", err: expect.stringContaining("working on it") });
  const { jobs } = z.object({ jobs: z.array(z.object({ task_id: z.string() })) }).parse(await json("list"));
  const again = z
    .object({ task_id: z.string(), retry_of: z.string() })
    .parse(await json("retry", jobs[0]?.task_id ?? ""));
  expect(again.retry_of).toBe(jobs[0]?.task_id);
  expect(await run("wait", again.task_id)).toMatchObject({ code: 0 });
});

test("an estimate starts nothing; mistakes are named", async () => {
  const { run, json } = world();
  expect(await json("start", "--estimate", "Migrate the whole project")).toMatchObject({
    estimate: { from: "size", samples: 0 },
    placement: "offer",
  });
  expect((await run("list")).out).toContain("No jobs.");
  expect(await run("show", "zzzz")).toMatchObject({ code: 1, err: expect.stringContaining("There is no job zzzz") });
  expect(await run("start", " ")).toMatchObject({ code: 2, err: expect.stringContaining("empty") });
  expect(await run("prune", "--older-than", "soon")).toMatchObject({ code: 2 });
});

test("a damaged job is named, and the others are listed", async () => {
  const { run, json, open } = world();
  open();
  const first = started.parse(await json("start", "Explain the login"));
  const second = started.parse(await json("start", "Explain the logout"));
  expect(await run("wait", first.task_id, second.task_id)).toMatchObject({ code: 0 });
  writeFileSync(first.result, "{");
  writeFileSync(join(first.result, "../turns/000004.json"), "");
  const listed = await run("list");
  expect(listed.err).toContain(first.result);
  expect(listed.out).toContain(second.task_id);
  expect(listed.out).not.toContain(first.task_id);
  expect(await run("show", first.task_id)).toMatchObject({
    code: 1,
    err: expect.stringContaining(`${first.result} cannot be read`),
  });
});
