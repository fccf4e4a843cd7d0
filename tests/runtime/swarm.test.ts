import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import type { Effect } from "../../src/core/workflow/react.ts";
import { Loops } from "../../src/runtime/loops.ts";
import { SwarmRuntime } from "../../src/runtime/swarm.ts";
import type { TurnEnd } from "../../src/runtime/turns.ts";
import { Turns } from "../../src/runtime/turns.ts";
import type { Told } from "../core/workflow/scenario.ts";
import {
  alive,
  begin,
  dispatch,
  inDispatch,
  inMonitoring,
  part,
  propose,
  ran,
  report,
  says,
  started,
  timed,
} from "../core/workflow/scenario.ts";

let dir: string;
let effects: Effect[];
const open = () => new SwarmRuntime(new FileEventLogs(dir), (effect) => effects.push(effect));
const tell = async (swarm: SwarmRuntime, commands: readonly Told[]) => {
  for (const told of commands) await swarm.submit(timed(told));
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "aegis-swarm-"));
  effects = [];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("SwarmRuntime", () => {
  it("is on disk before it is seen, and a new process goes on where the log ends", async () => {
    const swarm = open();
    await tell(swarm, inMonitoring);
    expect(swarm.state).toEqual(alive(inMonitoring));
    const next = open();
    expect(await next.load()).toEqual(swarm.state);
    expect((await next.submit(timed(ran("w01")))).ok).toBe(true);
    expect((await next.submit(timed(report("w01")))).ok).toBe(true);
    expect((await open().load())?.workers[0]?.status).toBe("completed");
  });

  it("keeps what it knows of a swarm whose directory is moved away, writes nothing meanwhile, and goes on when it is back", async () => {
    const swarm = open();
    await tell(swarm, inMonitoring);
    await rename(join(dir, "swarms"), join(dir, "away"));
    expect(await swarm.submit(timed(ran("w01")))).toMatchObject({ ok: false, refusal: { code: "log-failed" } });
    await expect(swarm.load()).rejects.toThrow(/moved or removed/);
    expect(swarm.state).toEqual(alive(inMonitoring));
    expect(existsSync(join(dir, "swarms"))).toBe(false);
    await rename(join(dir, "away"), join(dir, "swarms"));
    expect(swarm.takeUnattended()).toBe(true);
    expect((await swarm.submit(timed(ran("w01")))).ok).toBe(true);
  });

  it("carries effects out once, and gives those that are owed to a new process", async () => {
    const swarm = open();
    await tell(swarm, [...inDispatch, dispatch(part("a"), part("b", { dependsOn: ["a"] }))]);
    expect(effects).toEqual([{ type: "start_worker", worker: "w01" }]);
    effects = [];
    const next = open();
    await next.load();
    expect(effects).toEqual([]);
    next.takeUp();
    expect(effects).toEqual([{ type: "start_worker", worker: "w01" }]);
    effects = [];
    await tell(next, [started("w01"), ran("w01"), report("w01")]);
    expect(effects.map((effect) => effect.type)).toEqual(["start_worker", "wake_commander"]);
  });

  it("judges commands one after another, however they come", async () => {
    const swarm = open();
    await tell(swarm, inDispatch);
    const twice = await Promise.all([1, 2].map(() => swarm.submit(timed(dispatch(part("a"))))));
    expect(twice.map((decision) => decision.ok)).toEqual([true, false]);
    expect(swarm.state?.workers).toHaveLength(1);
  });

  it("refuses and changes nothing where the log cannot be written", async () => {
    const swarm = open();
    await tell(swarm, [begin()]);
    const log = join(dir, "swarms", "s-1", "events.jsonl");
    const written = await readFile(log, "utf8");
    const before = swarm.state;
    await rm(log);
    await mkdir(log);
    const decision = await swarm.submit(timed(propose));
    expect(decision).toMatchObject({
      ok: false,
      refusal: { code: "log-failed", next: expect.stringMatching(/disk space/) },
    });
    expect(swarm.state).toBe(before);
    await rm(log, { recursive: true });
    await writeFile(log, written);
    expect((await swarm.submit(timed(propose))).ok).toBe(true);
  });

  it("takes up the newest swarm, without its torn last line", async () => {
    const swarm = open();
    await tell(swarm, [begin(), propose]);
    const log = join(dir, "swarms", "s-1", "events.jsonl");
    await writeFile(log, `${await readFile(log, "utf8")}{"type":"design_answ`);
    const next = open();
    expect((await next.load())?.design.status).toBe("open");
    await tell(next, [says("yes")]);
    expect((await open().load())?.design.status).toBe("agreed");
  });

  it("waits for a state, a time limit or an abort", async () => {
    const swarm = open();
    await tell(swarm, [begin()]);
    const proposed = swarm.until((state) => state?.design.status === "open", {});
    await tell(swarm, [propose]);
    expect(await proposed).toBe("done");
    expect(await swarm.until((state) => state?.design.status === "open", {})).toBe("done");
    expect(await swarm.until(() => false, { timeoutMs: 1 })).toBe("timeout");
    const stop = new AbortController();
    const waiting = swarm.until(() => false, { signal: stop.signal });
    stop.abort();
    expect(await waiting).toBe("aborted");
    expect(await swarm.until(() => true, { signal: stop.signal })).toBe("aborted");
  });
});

describe("Turns", () => {
  const ends: [string, TurnEnd][] = [];
  const turns = new Turns((session, end) => ends.push([session, end]));
  beforeEach(() => {
    ends.length = 0;
  });

  it("ends a turn once, although the host says idle twice", () => {
    turns.started("a");
    turns.started("a");
    turns.idle("a");
    turns.idle("a");
    turns.idle("never");
    expect(ends).toEqual([["a", { how: "finished" }]]);
  });

  it("tells a person's stop from an error, and forgets both with the next turn", () => {
    turns.started("a");
    turns.failed("a", { name: "MessageAbortedError", message: "" });
    turns.idle("a");
    turns.started("a");
    turns.failed("a", { name: "APIError", message: "503" });
    turns.idle("a");
    turns.started("a");
    turns.idle("a");
    expect(ends.map(([, end]) => end)).toEqual([
      { how: "aborted" },
      { how: "error", message: "APIError: 503" },
      { how: "finished" },
    ]);
  });

  it("says whether a prompt started a turn", async () => {
    expect(await turns.begins("b", async () => turns.started("b"), 1_000)).toBe(true);
    expect(await turns.begins("c", async () => undefined, 1)).toBe(false);
  });
});

describe("Loops", () => {
  it("corrects the same call in a row, then gives the session up; waiting is no loop", () => {
    const loops = new Loops(3);
    const seen = Array.from({ length: 6 }, () => loops.see("a", "read", { path: "x" }));
    expect(seen).toEqual(["pass", "pass", "correct", "correct", "correct", "give-up"]);
    expect(loops.see("a", "read", { path: "y" })).toBe("pass");
    expect(loops.see("b", "read", { path: "x" })).toBe("pass");
    expect(Array.from({ length: 9 }, () => loops.see("a", "await_workers", {}))).not.toContain("correct");
  });
});
