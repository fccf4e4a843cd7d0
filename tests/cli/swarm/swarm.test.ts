import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileInbox } from "../../../src/adapters/log/fileInbox.ts";
import { FileLease } from "../../../src/adapters/log/fileLease.ts";
import { cli, makeWorld, put } from "../io.ts";
import { driveSwarm, SWARM, upToMonitoring, writeSwarm } from "./liveSwarm.ts";

const logOf = (project: string) => join(project, ".aegis/swarms", SWARM, "events.jsonl");
const linesIn = (text: string): unknown[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const typesIn = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).type);

/** A lease whose process has ended. */
function leaveDeadLease(project: string): void {
  const { pid } = spawnSync("true");
  put(
    join(project, ".aegis/lease.json"),
    JSON.stringify({ token: "gone", pid, started: "1", since: "2026-01-01T00:00:00.000Z" }),
  );
}

describe("swarm status", () => {
  it("says that there was none, and leaves no trace", async () => {
    const { project, env } = makeWorld();
    const plain = await cli(["swarm", "status"], { cwd: project, env });
    expect([plain.code, plain.out]).toEqual([0, expect.stringContaining("no swarm in this project")]);
    const json = await cli(["swarm", "status", "--json"], { cwd: project, env });
    expect(JSON.parse(json.out)).toEqual({ ok: true, swarm: null, holder: null });
    expect(existsSync(join(project, ".aegis"))).toBe(false);
  });

  it("outside a repository says where to run it", async () => {
    const { dir, env } = makeWorld();
    const result = await cli(["swarm", "status", "--json"], { cwd: dir, env });
    expect([result.code, JSON.parse(result.out).ok]).toEqual([1, false]);
    expect(result.err).toContain("not in a git repository");
  });

  it("shows phase, design, Workers and that nobody drives it", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    leaveDeadLease(project);
    const plain = await cli(["swarm", "status"], { cwd: project, env });
    expect(plain.out).toContain(`Swarm ${SWARM} · monitoring`);
    expect(plain.out).toContain("No process drives it.");
    expect(plain.out).toContain("Design: skipped · person");
    expect(plain.out).toMatch(/^ID +Worker +Status +Time +Tokens +Now$/m);
    expect(plain.out).toMatch(/^w01 +\S.* exploring +\d+\S* .*$/m);
    expect(plain.out).toMatch(/^w02 +\S.* queued +0s +0$/m);
    expect(plain.out).not.toContain("await_workers");
    expect(plain.out).toContain("0/2 completed");
    const json = JSON.parse((await cli(["swarm", "status", "--json"], { cwd: project, env })).out);
    expect(json).toMatchObject({
      ok: true,
      holder: null,
      swarm: {
        id: SWARM,
        phase: "monitoring",
        design: { status: "skipped", by: "person" },
        question: null,
        qa: null,
        commit: null,
        workers: [
          { id: "w01", status: "exploring", scope: ["src/store/**"] },
          { id: "w02", status: "queued" },
        ],
      },
    });
  });

  it("names the process that drives it, from a directory below the root", async () => {
    const { project, env } = makeWorld();
    await driveSwarm(project);
    put(join(project, "src/deep/x"), "");
    const plain = await cli(["swarm", "status"], { cwd: join(project, "src/deep"), env });
    expect(plain.out).toContain(`Driven by process ${process.pid} since `);
    const json = JSON.parse((await cli(["swarm", "status", "--json"], { cwd: project, env })).out);
    expect(json.holder.pid).toBe(process.pid);
  });

  it("shows an open question and QA by check", async () => {
    const { project, env } = makeWorld();
    const at = 1_767_268_900_000;
    const row = {
      check: "test",
      kind: "test",
      command: "npm test",
      passed: false,
      durationMs: 5,
      detail: "1 failed",
      output: "",
      flaky: false,
    } as const;
    await writeSwarm(project, [
      ...upToMonitoring,
      { type: "worker_failed", at, worker: "w01", reason: "x" },
      { type: "worker_failed", at, worker: "w02", reason: "x" },
      { type: "read_worker", at, worker: "w01" },
      { type: "check_conflicts", at, tree: "t1", rows: [] },
      {
        type: "qa_ran",
        at,
        tree: "t1",
        rows: [{ ...row }],
        required: ["test"],
        stable: true,
        changedByQa: [],
        sandboxed: true,
      },
      { type: "qa_change_seen", at, fingerprint: "f", paths: ["package.json"] },
    ]);
    const english = (await cli(["swarm", "status"], { cwd: project, env })).out;
    expect(english).toContain("Waits for you: whether these changes of what QA runs are right: package.json");
    expect(english).toContain("| test | ❌ 1 failed | `npm test` |");
    const korean = (await cli(["swarm", "status", "--lang", "ko"], { cwd: project, env })).out;
    expect(korean).toContain("답을 기다림: QA가 실행하는 것이 이렇게 바뀌어도 되는지: package.json");
    const json = JSON.parse((await cli(["swarm", "status", "--json"], { cwd: project, env })).out);
    expect(json.swarm).toMatchObject({ question: { kind: "qa-change" }, qa: { tree: "t1", passed: false } });
  });

  it("--watch --json is one line a change, until the swarm is over", async () => {
    const { project, env } = makeWorld();
    const { runtime } = await driveSwarm(project);
    const watching = cli(["swarm", "status", "--watch", "--json"], { cwd: project, env });
    // The abort goes through the inbox: by then at least one look at the log has been taken, or the last one shows it.
    await cli(["swarm", "abort"], { cwd: project, env });
    const { code, out } = await watching;
    const phases = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).swarm.phase);
    expect([code, phases.at(-1), runtime.state?.phase]).toEqual([0, "aborted", "aborted"]);
  });

  it("a damaged log is named with its line; nothing is shown as fine", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    appendFileSync(logOf(project), "{}\n");
    const result = await cli(["swarm", "status", "--json"], { cwd: project, env });
    expect([result.code, JSON.parse(result.out).ok]).toEqual([1, false]);
    expect(result.err).toContain("damaged");
  });
});

describe("swarm events", () => {
  it("--json is the log itself; without it one line an event", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    const json = await cli(["swarm", "events", "--json"], { cwd: project, env });
    expect(linesIn(json.out)).toEqual(linesIn(readFileSync(logOf(project), "utf8")));
    const plain = await cli(["swarm", "events"], { cwd: project, env });
    expect(plain.out.trim().split("\n")).toHaveLength(typesIn(json.out).length);
    expect(plain.out).toMatch(/^12:00:00\.005 {2}w01 {2}worker_started/mu);
  });

  it("--follow shows what comes and ends with the swarm", async () => {
    const { project, env } = makeWorld();
    await driveSwarm(project);
    const following = cli(["swarm", "events", "--follow", "--json"], { cwd: project, env });
    await cli(["swarm", "abort", "--reason", "enough"], { cwd: project, env });
    const { code, out } = await following;
    expect(code).toBe(0);
    expect(linesIn(out)).toEqual(linesIn(readFileSync(logOf(project), "utf8")));
    expect(typesIn(out)).toContain("swarm_aborted");
  });

  it("--follow ends on Ctrl-C", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    const abort = new AbortController();
    const following = cli(["swarm", "events", "--follow"], { cwd: project, env, signal: abort.signal });
    abort.abort();
    expect((await following).code).toBe(130);
  });
});

describe("swarm abort", () => {
  it("reaches the process that drives it, which stops its sessions", async () => {
    const { project, env } = makeWorld();
    const { runtime, effects } = await driveSwarm(project);
    const result = await cli(["swarm", "abort", "--reason", "wrong branch", "--json"], { cwd: project, env });
    expect([result.code, JSON.parse(result.out)]).toEqual([
      0,
      { ok: true, swarm: SWARM, phase: "aborted", reason: "wrong branch" },
    ]);
    // The command line sees the log; the process itself is a moment behind it.
    await expect.poll(() => runtime.state?.phase).toBe("aborted");
    expect(runtime.state).toMatchObject({ abort: { by: "command-line", reason: "wrong branch" } });
    expect(effects).toContainEqual(expect.objectContaining({ type: "abort_session", session: "ses_store" }));
    expect(effects).toContainEqual({ type: "abort_session", session: "ses_commander" });
  });

  it("appends the end itself where no process is alive, and gives the lease back", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    leaveDeadLease(project);
    const result = await cli(["swarm", "abort"], { cwd: project, env });
    expect([result.code, result.out]).toEqual([0, expect.stringContaining("ended from the command line")]);
    const types = typesIn(readFileSync(logOf(project), "utf8"));
    expect(types.slice(-3).sort()).toEqual(["swarm_aborted", "worker_cancelled", "worker_cancelled"]);
    expect(existsSync(join(project, ".aegis/lease.json"))).toBe(false);
    const again = await cli(["swarm", "abort"], { cwd: project, env });
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("is aborted")]);
  });

  it("refuses where there is none", async () => {
    const { project, env } = makeWorld();
    const result = await cli(["swarm", "abort", "--json"], { cwd: project, env });
    expect([result.code, JSON.parse(result.out).ok]).toEqual([1, false]);
    expect(existsSync(join(project, ".aegis"))).toBe(false);
  });

  it("takes its message back on Ctrl-C while the process does not answer", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    // Held by a live process (this one) that never looks at its inbox.
    const lease = new FileLease(join(project, ".aegis"));
    await lease.acquire();
    const abort = new AbortController();
    const asking = cli(["swarm", "abort"], { cwd: project, env, signal: abort.signal });
    const arrived = new Promise<void>((resolve) => {
      void new FileInbox(join(project, ".aegis")).receive(
        async () => {
          resolve();
          return "not-mine";
        },
        () => undefined,
      );
    });
    await arrived;
    abort.abort();
    expect((await asking).code).toBe(130);
    expect(readdirSync(join(project, ".aegis/inbox"))).toEqual([]);
    expect(typesIn(readFileSync(logOf(project), "utf8"))).not.toContain("swarm_aborted");
  });
});

describe("swarm resume", () => {
  it("lets a stopped swarm go on in the process that drives it", async () => {
    const { project, env } = makeWorld();
    const { runtime } = await driveSwarm(project, [
      ...upToMonitoring,
      { type: "person_aborted", at: 1_767_268_900_000, session: "ses_commander" },
    ]);
    expect(runtime.state?.paused).toBe(true);
    const stopped = await cli(["swarm", "status"], { cwd: project, env });
    expect(stopped.out).toContain("Stopped by you");
    const result = await cli(["swarm", "resume"], { cwd: project, env });
    expect([result.code, result.out]).toEqual([0, expect.stringContaining(`in process ${process.pid}`)]);
    expect(runtime.state?.paused).toBe(false);
  });

  it("says to start OpenCode where nobody drives it, and changes nothing", async () => {
    const { project, env } = makeWorld();
    await writeSwarm(project);
    const before = readFileSync(logOf(project), "utf8");
    const result = await cli(["swarm", "resume", "--json"], { cwd: project, env });
    expect([result.code, JSON.parse(result.out)]).toMatchObject([1, { ok: false, swarm: SWARM, holder: null }]);
    expect(result.err).toContain("Start `opencode`");
    expect(readFileSync(logOf(project), "utf8")).toBe(before);
    expect(readdirSync(join(project, ".aegis"))).toEqual([".gitignore", "swarms"]);
  });
});
