import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import { FileLease } from "../../src/adapters/log/fileLease.ts";
import { Reactors } from "../../src/runtime/reactors.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { SwarmRuntime } from "../../src/runtime/swarm.ts";
import { Turns } from "../../src/runtime/turns.ts";
import { WorkerWatch } from "../../src/runtime/workerWatch.ts";
import type { Told } from "../core/workflow/scenario.ts";
import {
  commit,
  dispatch,
  inDispatch,
  inFinalQa,
  part,
  ran,
  report,
  retry,
  stops,
  timed,
} from "../core/workflow/scenario.ts";
import { InMemorySessions } from "./inMemorySessions.fixture.ts";

let dir: string;
let sessions: InMemorySessions;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "aegis-workers-"));
  sessions = new InMemorySessions();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A process of the plugin over the log in `dir`; prompts start a turn at once, as a healthy host does. */
function openProcess() {
  const watching: { watch?: WorkerWatch; reactors?: Reactors } = {};
  const swarm = new SwarmRuntime(new FileEventLogs(dir), (effect) => watching.reactors?.carryOut(effect));
  const turns = new Turns((session, end) => watching.watch?.turnEnded(session, end));
  sessions.onPrompt = (session) => turns.started(session);
  /** The waits for take-ups begun so far (ms); `wake` ends them. */
  const waits: number[] = [];
  let wake: () => void = () => undefined;
  const awake = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const agents = { commander: "commander", worker: "worker", scout: "scout", librarian: "librarian" };
  const lease = new FileLease(dir);
  // Only what the classes under test use: no repository, no sandbox.
  const services = {
    swarm,
    turns,
    sessions,
    agents,
    lease,
    hostConfig: { findings: [], mcpServers: [] },
    madeSecrets: new Set(),
    live: new Map(),
    now: () => 1_000,
    random: () => 0.5,
    sleep: (ms: number) => {
      waits.push(ms);
      return awake;
    },
    git: { paths: async () => ["src/lib.ts"] },
    trees: { ensure: async () => true },
    sandbox: { end: async () => undefined },
    routing: { choose: async () => undefined, failed: () => false, forget: () => undefined },
    log: () => undefined,
  } as unknown as SwarmServices;
  watching.watch = new WorkerWatch(services);
  watching.reactors = new Reactors(services);
  const tell = async (...commands: Told[]) => {
    for (const told of commands) await swarm.submit(timed(told));
  };
  const status = (index: number) => swarm.state?.workers[index]?.status;
  const reaches = (done: () => boolean) => swarm.until(done, { timeoutMs: 5_000 });
  return { swarm, turns, lease, watch: watching.watch, tell, status, reaches, waits, wake: () => wake() };
}

describe("Workers' sessions", () => {
  it("start with a briefing of their own and the shared part first; the Commander is woken by the last end", async () => {
    const { tell, status, reaches } = openProcess();
    await tell(...inDispatch, dispatch(part("a"), part("b")));
    expect(await reaches(() => status(0) === "exploring" && status(1) === "exploring")).toBe("done");
    await expect.poll(() => sessions.prompts.length).toBe(2);
    const [one = "", two = ""] = sessions.prompts.map((prompt) => prompt.text);
    expect(one).toContain("src/a/**");
    expect(one.slice(0, one.indexOf("# Your part"))).toBe(two.slice(0, two.indexOf("# Your part")));
    await tell(ran("w01"), report("w01"), ran("w02"), report("w02"));
    await expect.poll(() => sessions.prompts.at(-1)?.text).toMatch(/check_conflicts|await_workers/);
    expect(sessions.prompts.at(-1)).toMatchObject({ session: "commander", agent: "commander" });
  });

  it("are asked once for their report, then fail; an error, a stop and a deletion fail at once", async () => {
    const { tell, turns, watch, status, reaches, swarm } = openProcess();
    await tell(...inDispatch, dispatch(part("a"), part("b"), part("c")));
    await expect.poll(() => sessions.prompts.length).toBe(3);
    const idOf = (index: number) => {
      const worker = swarm.state?.workers[index];
      return worker && "session" in worker ? (worker.session ?? "") : "";
    };
    const [a, b, c] = [idOf(0), idOf(1), idOf(2)];
    turns.idle(a);
    expect(await reaches(() => swarm.state?.workers[0]?.nudges === 1)).toBe("done");
    await expect.poll(() => sessions.prompts.at(-1)?.text).toMatch(/report_result/);
    turns.idle(a);
    expect(await reaches(() => status(0) === "failed")).toBe("done");
    turns.failed(b, { name: "APIError", message: "503" });
    turns.idle(b);
    expect(await reaches(() => status(1) === "failed")).toBe("done");
    watch.sessionDeleted(c);
    expect(await reaches(() => status(2) === "failed")).toBe("done");
    expect(swarm.state?.workers.map((worker) => "reason" in worker && worker.reason)).toEqual([
      expect.stringContaining("I am not sure"),
      expect.stringContaining("503"),
      expect.stringContaining("deleted"),
    ]);
  });

  const failed = {
    attempts: 4,
    failure: "overload",
    retryable: true,
    midStream: false,
    detail: "engine dead",
  } as const;
  const about = { session: "ses-1", role: "worker", provider: "aegis" };

  it.each([false, true])(
    "wait and are taken up in their session after the gate gave a request up; stopped: %s",
    async (stopped) => {
      const { tell, turns, watch, reaches, swarm, waits, wake } = openProcess();
      await tell(...inDispatch, dispatch(part("a")));
      await expect.poll(() => sessions.prompts.length).toBe(1);
      watch.requests.see({ ...about, type: "failed", ...failed });
      turns.failed("ses-1", { name: "APIError", message: "did not answer" });
      turns.idle("ses-1");
      expect(await reaches(() => swarm.state?.workers[0]?.takeUps === 1)).toBe("done");
      expect(swarm.state?.workers[0]).toMatchObject({ status: "exploring", trouble: { failure: "overload" } });
      await expect.poll(() => waits).toEqual([7_500]);
      if (stopped) await tell(stops);
      wake();
      if (stopped) {
        // A command behind the one that the end of the wait gave: whatever that led to has happened.
        await new Promise((resolve) => setImmediate(resolve));
        await tell({ type: "commander_idle" });
        expect(sessions.prompts).toHaveLength(1);
        return;
      }
      await expect.poll(() => sessions.prompts.at(-1)?.text).toContain("model server did not answer");
      expect(sessions.prompts.map((prompt) => prompt.session)).toEqual(["ses-1", "ses-1"]);
    },
  );

  it("are told that an answer was cut: in the next tool result, else in the next prompt", async () => {
    const { tell, turns, watch, reaches, swarm } = openProcess();
    await tell(...inDispatch, dispatch(part("a")));
    await expect.poll(() => sessions.prompts.length).toBe(1);
    expect(await watch.requests.toTell("ses-1")).toBeUndefined();
    watch.requests.see({ ...about, type: "runaway", kind: "closingTags", tools: 9 });
    expect(await reaches(() => swarm.state?.workers[0]?.runaways === 1)).toBe("done");
    expect(await watch.requests.toTell("ses-1")).toContain("closing tags");
    expect(await watch.requests.toTell("ses-1")).toBeUndefined();
    watch.requests.see({ ...about, type: "runaway", kind: "repeatedLine", tools: 9 });
    expect(await reaches(() => swarm.state?.workers[0]?.runaways === 2)).toBe("done");
    turns.idle("ses-1");
    await expect.poll(() => sessions.prompts.at(-1)?.text).toContain("repeated the same line");
  });

  it("show a stall of the model server while it lasts", async () => {
    const { tell, watch, reaches, swarm } = openProcess();
    await tell(...inDispatch, dispatch(part("a")));
    await expect.poll(() => sessions.prompts.length).toBe(1);
    const trouble = () => swarm.state?.workers.flatMap((worker) => worker.trouble ?? []);
    watch.requests.see({ ...about, type: "silent", verdict: "queued", waitedMs: 1 });
    watch.requests.see({ ...about, type: "silent", verdict: "stalled", waitedMs: 2 });
    expect(await reaches(() => trouble()?.length === 1)).toBe("done");
    expect(trouble()).toEqual([{ kind: "stalled", since: 1_000 }]);
    watch.requests.see({ ...about, type: "begun", waitedMs: 3 });
    expect(await reaches(() => trouble()?.length === 0)).toBe("done");
  });

  it("that go round in circles get a fresh session with a summary, and the old one is stopped", async () => {
    const { tell, watch, swarm } = openProcess();
    await tell(...inDispatch, dispatch(part("a")));
    await expect.poll(() => sessions.prompts.length).toBe(1);
    await watch.giveUp("ses-1", "it made the same read call again and again");
    await expect.poll(() => sessions.prompts.at(-1)?.session).toBe("ses-2");
    expect(sessions.prompts.at(-1)?.text).toContain("the same read call");
    expect(sessions.calls).toContain("abort ses-1");
    await watch.giveUp("ses-2", "it made the same read call again and again");
    expect(swarm.state?.workers[0]).toMatchObject({ status: "failed", attempt: 2, retries: 0 });
  });

  it("fail where the host makes none, without stalling", async () => {
    const { tell, status, reaches } = openProcess();
    sessions.createFails = "connection refused";
    await tell(...inDispatch, dispatch(part("a"), part("b", { dependsOn: ["a"] })));
    expect(await reaches(() => status(0) === "failed" && status(1) === "failed")).toBe("done");
  });

  it("go on in a new process: what runs is resumed, what is gone fails, what waited is started, nothing twice", async () => {
    const first = openProcess();
    await first.tell(...inDispatch, dispatch(part("a"), part("b"), part("c", { dependsOn: ["a"] })));
    await expect.poll(() => sessions.prompts.length).toBe(2);
    const lost = first.swarm.state?.workers[1];
    if (lost && "session" in lost && lost.session) sessions.known.delete(lost.session);
    const second = openProcess();
    // The first process is gone with its lease, as after a kill -9.
    await rm(join(dir, "lease.json"), { force: true });
    await second.swarm.load();
    await second.watch.takeUp();
    expect(second.swarm.state?.workers.map((worker) => worker.status)).toEqual(["exploring", "failed", "queued"]);
    await expect.poll(() => sessions.prompts.map((prompt) => prompt.text).join("\n")).toMatch(/interrupted/);
    expect(sessions.calls.filter((call) => call.startsWith("create"))).toHaveLength(2);
    await second.tell(ran("w01"), report("w01"));
    expect(await second.reaches(() => second.status(2) === "exploring")).toBe("done");
  });

  it("retried before their first turn begins are started again; the old session no longer speaks for them", async () => {
    const { tell, turns, status, swarm } = openProcess();
    // The host takes the first prompt and runs nothing.
    sessions.onPrompt = (session) => session !== "ses-1" && turns.started(session);
    await tell(...inDispatch, dispatch(part("a")));
    await expect.poll(() => sessions.prompts.length).toBe(1);
    await tell(retry("w01"));
    await expect.poll(() => sessions.prompts.length).toBe(2);
    expect(sessions.prompts[1]).toMatchObject({ session: "ses-2", text: expect.stringContaining("mend it") });
    expect(swarm.state?.workers[0]).toMatchObject({ status: "exploring", session: "ses-2", attempt: 2 });
    await tell({ type: "worker_failed", worker: "w01", session: "ses-1", reason: "could not be reached" });
    expect(status(0)).toBe("exploring");
  });

  it("are resumed, and fail in sight, where the host cannot say after a restart whether their session is there", async () => {
    const first = openProcess();
    await first.tell(...inDispatch, dispatch(part("a")));
    await expect.poll(() => sessions.prompts.length).toBe(1);
    const second = openProcess();
    await rm(join(dir, "lease.json"), { force: true });
    const silent = () => Promise.reject<never>(new Error("the host did not answer"));
    Object.assign(sessions, { info: silent, hasMessages: silent });
    await second.swarm.load();
    await second.watch.takeUp();
    expect(await second.reaches(() => second.status(0) === "failed")).toBe("done");
    expect(second.swarm.state?.workers[0]).toMatchObject({ reason: expect.stringContaining("did not answer") });
  });

  it("go on where their Commander was stopped for repeating itself: that is no stop of the person's", async () => {
    const { tell, turns, watch, status, reaches, swarm } = openProcess();
    await tell(...inDispatch, dispatch(part("a")));
    await expect.poll(() => sessions.prompts.length).toBe(1);
    turns.started("commander");
    await watch.giveUp("commander", "it made the same read call again and again");
    expect(sessions.calls).toContain("abort commander");
    turns.failed("commander", { name: "MessageAbortedError", message: "" });
    turns.idle("commander");
    expect(await reaches(() => swarm.state?.exhausted === true)).toBe("done");
    expect([status(0), swarm.state?.paused]).toEqual(["exploring", false]);
    await expect.poll(() => sessions.calls.at(-1)).toContain("no progress");
    await tell(ran("w01"), report("w01"));
    await expect.poll(() => sessions.prompts.at(-1)?.session).toBe("commander");
  });

  /** Two Workers at work, and the abort of every session that a person or the host asks for. */
  async function atWorkAndStopped() {
    const opened = openProcess();
    const { tell, turns, swarm } = opened;
    await tell(...inDispatch, dispatch(part("a"), part("b")));
    await expect.poll(() => sessions.prompts.length).toBe(2);
    turns.started("commander");
    const workers = swarm.state?.workers.map((worker) => ("session" in worker ? (worker.session ?? "") : "")) ?? [];
    for (const session of [...workers, "commander"]) {
      turns.failed(session, { name: "MessageAbortedError", message: "Aborted" });
      turns.idle(session);
    }
    return opened;
  }

  it("are stopped by the person's abort once the host had its time to say that the stop was its own", async () => {
    const { wake, waits, reaches, status, swarm } = await atWorkAndStopped();
    expect([status(0), swarm.state?.paused, waits]).toEqual(["exploring", false, [1_000, 1_000, 1_000]]);
    wake();
    expect(await reaches(() => swarm.state?.paused === true)).toBe("done");
    expect([status(0), status(1)].filter((each) => each !== "failed" && each !== "cancelled")).toEqual([]);
  });

  it("are stopped at once where the person speaks: what they stopped comes before what they say", async () => {
    const { watch, status, swarm } = await atWorkAndStopped();
    await watch.beforePerson();
    expect(swarm.state?.paused).toBe(true);
    expect([status(0), status(1)].filter((each) => each !== "failed" && each !== "cancelled")).toEqual([]);
  });

  it("go on in the next instance where the host ended this one: its aborts are no stop of the person's", async () => {
    const first = await atWorkAndStopped();
    first.watch.instanceEnds();
    first.wake();
    await first.swarm.settled();
    await first.lease.retire();
    expect([first.status(0), first.status(1), first.swarm.state?.paused]).toEqual(["exploring", "exploring", false]);
    const before = sessions.prompts.length;
    const second = openProcess();
    await second.swarm.load();
    await second.watch.takeUp();
    await expect.poll(() => sessions.prompts.length).toBe(before + 2);
    // What the host still tells the old instance changes nothing.
    first.turns.started("commander");
    first.turns.idle("commander");
    await first.swarm.settled();
    expect(second.swarm.state?.workers.map((worker) => worker.attempt)).toEqual([1, 1]);
  });

  it("are taken up by the next instance as soon as the one before it has put its lease away", async () => {
    const first = await atWorkAndStopped();
    expect((await first.lease.acquire()).held).toBe(true);
    first.watch.instanceEnds();
    const before = sessions.prompts.length;
    const second = openProcess();
    await second.swarm.load();
    const taken = second.watch.takeUp();
    await expect.poll(() => second.waits).toEqual([100]);
    expect(sessions.prompts.length).toBe(before);
    await first.lease.retire();
    second.wake();
    await taken;
    await expect.poll(() => sessions.prompts.length).toBe(before + 2);
  });

  it("have a Commander whose failed request is taken up after its wait, and the person reads why it waits", async () => {
    const { tell, turns, watch, reaches, swarm, waits, wake } = openProcess();
    await tell(...inDispatch);
    turns.started("commander");
    watch.requests.see({ ...about, ...failed, type: "failed", session: "commander" });
    turns.failed("commander", { name: "APIError", message: "gone" });
    turns.idle("commander");
    expect(await reaches(() => swarm.state?.commanderTrouble?.waiting !== undefined)).toBe("done");
    await expect.poll(() => waits).toEqual([7_500]);
    await expect.poll(() => sessions.calls.at(-1)).toMatch(/notice .*overload.*8 s/u);
    wake();
    await expect.poll(() => sessions.prompts.at(-1)?.text).toMatch(/model server did not answer.*dispatch_workers/u);
    expect(sessions.prompts.at(-1)).toMatchObject({ session: "commander", agent: "commander" });
  });

  it("have a Commander that is told when its answer was cut, by the gate or by the output limit, a title's apart", async () => {
    const { tell, turns, watch, swarm } = openProcess();
    await tell(...inDispatch);
    const commander = { ...about, session: "commander" };
    watch.requests.see({ ...commander, type: "limited", tools: 0 });
    watch.requests.see({ ...commander, type: "runaway", kind: "noEnd", tools: 0 });
    watch.requests.see({ ...commander, type: "limited", tools: 9 });
    await expect.poll(() => swarm.state?.commanderTrouble).toEqual({ takeUps: 0, cuts: 1, untold: "outputLimit" });
    expect(await watch.requests.toTell("commander")).toContain("output limit");
    expect(await watch.requests.toTell("commander")).toBeUndefined();
    turns.started("commander");
    watch.requests.see({ ...commander, type: "runaway", kind: "noEnd", tools: 9 });
    await expect.poll(() => swarm.state?.commanderTrouble?.cuts).toBe(2);
    turns.idle("commander");
    await expect.poll(() => sessions.prompts.at(-1)?.text).toMatch(/had no end.*dispatch_workers/u);
    watch.requests.see({ ...commander, type: "runaway", kind: "noEnd", tools: 9 });
    await expect.poll(() => swarm.state?.exhausted).toBe(true);
    await expect.poll(() => sessions.calls.at(-1)).toMatch(/notice .*cut off.*noEnd/u);
  });

  it("leave a Commander that died between commit and report one thing to do, and only once", async () => {
    const first = openProcess();
    await first.tell(...inFinalQa, commit());
    await first.lease.release();
    const second = openProcess();
    await second.swarm.load();
    sessions.known.set("commander", { id: "commander", title: "the person's chat" });
    const before = sessions.prompts.length;
    await second.watch.takeUp();
    await expect.poll(() => sessions.prompts.length).toBe(before + 1);
    expect(sessions.prompts.at(-1)).toMatchObject({
      session: "commander",
      text: expect.stringContaining("final report"),
    });
    second.turns.idle("commander");
    await expect.poll(() => second.swarm.state?.report).toBeUndefined();
    await second.lease.release();
    const third = openProcess();
    await third.swarm.load();
    await third.watch.takeUp();
    expect(sessions.prompts).toHaveLength(before + 1);
  });

  it("ask for no report that the chat already has, and none that an older log never owed", async () => {
    const first = openProcess();
    await first.tell(...inFinalQa, commit());
    await first.lease.release();
    sessions.answered.add("commander");
    const second = openProcess();
    await second.swarm.load();
    sessions.known.set("commander", { id: "commander", title: "the person's chat" });
    const before = sessions.prompts.length;
    await second.watch.takeUp();
    await expect.poll(() => second.swarm.state?.report).toBeUndefined();
    expect(sessions.prompts).toHaveLength(before);
  });

  it("leave a Commander that cannot be woken to the person: two prompts, then a notice", async () => {
    const { tell, turns } = openProcess();
    await tell(...inDispatch, dispatch(part("a")));
    await expect.poll(() => sessions.prompts.length).toBe(1);
    // The host takes the Commander's prompts and runs nothing; the wait for a turn is over at once.
    sessions.onPrompt = () => undefined;
    turns.begins = async (_session, begin) => {
      await begin();
      return false;
    };
    await tell(ran("w01"), report("w01"));
    await expect
      .poll(() => sessions.calls.at(-1))
      .toBe("notice The Commander could not be sent on. Write to it to go on.");
    expect(sessions.calls.filter((call) => call === "prompt commander")).toHaveLength(2);
  });

  it("leave a Commander to the person where the host takes no prompt either", async () => {
    const { tell } = openProcess();
    await tell(...inDispatch, dispatch(part("a")));
    await expect.poll(() => sessions.prompts.length).toBe(1);
    sessions.onPrompt = () => {
      throw new Error("connection refused");
    };
    await tell(ran("w01"), report("w01"));
    await expect.poll(() => sessions.calls.at(-1)).toMatch(/^notice The Commander could not be sent on/);
  });
});

describe("a full disk", () => {
  it("loses no Worker: once the log can be written, the person's next word moves on what was lost", async () => {
    const { tell, status, reaches, swarm, turns, watch } = openProcess();
    await tell(...inDispatch, dispatch(part("a"), part("b")));
    expect(await reaches(() => status(0) === "exploring" && status(1) === "exploring")).toBe("done");
    await expect.poll(() => sessions.prompts.length).toBe(2);
    // Both turns are over, and the end of neither came into the log.
    for (const { session } of sessions.prompts) turns.forget(session);
    const log = join(dir, "swarms");
    await rename(log, `${log}-full`);
    await writeFile(log, "no directory");
    const lost = await swarm.submit(timed({ type: "worker_idle", worker: "w01", lastWords: "" }));
    expect(lost).toMatchObject({ ok: false, refusal: { code: "log-failed" } });
    await rm(log);
    await rename(`${log}-full`, log);
    await watch.personSpoke();
    await expect.poll(() => sessions.prompts.length).toBeGreaterThan(2);
    const again = sessions.prompts.slice(2).map((prompt) => prompt.text);
    expect(again.every((text) => text.includes("interrupted"))).toBe(true);
    await watch.personSpoke();
    expect(sessions.prompts.slice(2)).toHaveLength(again.length);
  });
});
