import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { jobRecordSchema } from "../../src/core/jobs/record.ts";
import { type Brain, call, say } from "../../vllm/simulator/brain.ts";
import { type Chat, Host, type Project } from "./world.ts";

const here = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const SETTLED = { timeout: 60_000, interval: 50 };

/** Chats on a real OpenCode start jobs; what the jobs themselves run is a recorded run that waits at a gate. */
let host: Host;
let project: Project;
let tools: string;
const gate = () => path.join(tools, "gate");
const open = () => writeFileSync(gate(), "");

beforeAll(async () => {
  tools = mkdtempSync(path.join(tmpdir(), "aegis-chat-jobs-"));
  const program = path.join(tools, "recorded");
  const played = `SCRIPTED=${here("../fixtures/cli/opencode-success.json")} exec ${process.execPath} ${here("../adapters/programs/scripted.mjs")}`;
  writeFileSync(program, `#!/bin/sh\nwhile [ ! -e ${gate()} ]; do sleep 0.05; done\n${played} "$@"\n`);
  chmodSync(program, 0o755);
  host = await Host.start({
    settings: { opencode: { command: program, ways: ["run"] }, jobs: { backgroundAboveMs: 40_000, inChats: true } },
  });
  project = await host.project();
});
afterAll(async () => {
  open();
  await host.close();
  rmSync(tools, { recursive: true, force: true });
});
beforeEach(() => rmSync(gate(), { force: true }));

const LONG = "Rewrite the whole system";
/** Asks for a job, tells what the tool said, and answers when it is woken. */
const asking =
  (task: string): Brain =>
  (turn) => {
    if (turn.userText.includes("has ended")) return say("Scripted: I have seen the end.");
    const [said] = turn.lastToolResults;
    return said ? say(`Scripted: ${said.text}`) : call("start_job", { task });
  };

/** Everything that was said in a chat, by whom. */
async function spoken(chat: Chat): Promise<{ role: string; text: string }[]> {
  const { data } = await project.client.session.messages({ sessionID: chat.session });
  return (data ?? []).map(({ info, parts }) => ({
    role: info.role,
    text: parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n"),
  }));
}

async function answer(reply: "once" | "reject"): Promise<string> {
  let asked: { id: string; permission: string; patterns: string[] } | undefined;
  const look = async () => {
    [asked] = (await project.client.permission.list()).data ?? [];
    return asked?.permission;
  };
  await expect.poll(look, SETTLED).toBe("start_job");
  if (asked) await project.client.permission.reply({ requestID: asked.id, reply });
  return asked?.patterns.join() ?? "";
}

const jobsDir = () => path.join(host.home, ".local/state/oh-my-qwencoder/jobs");
const waiting = () => (existsSync(path.join(jobsDir(), ".chats")) ? readdirSync(path.join(jobsDir(), ".chats")) : []);
async function statusOf(id: string): Promise<string> {
  return jobRecordSchema.parse(JSON.parse(await readFile(path.join(jobsDir(), id, "job.json"), "utf8"))).status;
}
const idIn = (text: string) => /task-[\w-]+/.exec(text)?.[0] ?? "";
/** What is shown on the person's screen from now on. */
async function listen(): Promise<{ notices: string[]; stop(): Promise<void> }> {
  const notices: string[] = [];
  const stop = new AbortController();
  const { stream } = await project.client.event.subscribe({}, { signal: stop.signal });
  const listening = (async () => {
    for await (const event of stream) if (event.type === "tui.toast.show") notices.push(event.properties.message);
  })().catch(() => undefined);
  const end = async () => {
    stop.abort();
    await listening;
  };
  return { notices, stop: end };
}
/** A point that somebody waits at until it is let go. */
function held(): { reached: Promise<void>; wait(): Promise<void>; release(): void } {
  let reach: () => void = () => undefined;
  let release: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const wait = () => {
    reach();
    return released;
  };
  return { reached, wait, release: () => release() };
}
const wakesOf = async (chat: Chat) => (await spoken(chat)).filter(({ text }) => text.includes("has ended.")).length;

test("the agent build has the two tools, and no other agent", async () => {
  const offered = async (agent: string) => {
    const before = host.requests().length;
    await (await project.chat(() => say("Scripted: hello."), agent)).say("hi");
    const sent = host
      .requests()
      .slice(before)
      .find(({ role }) => role !== "title");
    return (sent?.body.tools ?? [])
      .map((tool) => tool.function.name)
      .filter((name) => /_job$|^job_|_workers$/.test(name));
  };
  expect((await offered("build")).sort()).toEqual(["job_status", "start_job"]);
  expect(await offered("plan")).toEqual([]);
  expect(await offered("commander")).toEqual(expect.not.arrayContaining(["start_job"]));
});

test("long work: the person is asked with the estimate, the chat goes on, and is woken at the end, with a notice", async () => {
  const { notices, stop } = await listen();
  const chat = await project.chat(asking(LONG), "build");
  const turn = chat.say("go");
  expect(await answer("once")).toMatch(/^Rewrite the whole system \(about 48s/);
  await turn;
  const [said = ""] = await chat.results("start_job");
  expect(said).toContain("runs in the background");
  expect(waiting()).toEqual([`${idIn(said)}.json`]);
  open();
  await expect.poll(async () => (await spoken(chat)).at(-1)?.text, SETTLED).toBe("Scripted: I have seen the end.");
  const wake = (await spoken(chat)).at(-2);
  expect(wake).toMatchObject({ role: "user", text: expect.stringContaining(`${idIn(said)} (${LONG}): completed`) });
  expect(wake?.text).toContain("The answer is 42.");
  await expect.poll(() => notices.join("\n"), SETTLED).toContain(`${LONG}: completed`);
  expect(waiting()).toEqual([]);
  await stop();
});

test("a no is a no: nothing is started, and the model is told", async () => {
  const chat = await project.chat(asking(LONG), "build");
  const jobs = () => readdirSync(jobsDir()).filter((name) => name.startsWith("task-"));
  const before = jobs();
  const turn = chat.say("go");
  await answer("reject");
  await turn;
  expect((await chat.results("start_job"))[0]).toContain("does not want it in the background");
  expect(jobs()).toEqual(before);
});

test("short work is waited for, and its result is the tool's", async () => {
  open();
  const chat = await project.chat(asking("Explain it"), "build");
  await chat.say("go");
  expect((await chat.results("start_job"))[0]).toMatch(/completed, exit code 0[\s\S]*The answer is 42\./);
  expect(await wakesOf(chat)).toBe(0);
});

test("an end in the middle of a turn is told after it, whether that finishes or is stopped", async () => {
  const { notices, stop } = await listen();
  for (const how of ["finishes", "is stopped"] as const) {
    rmSync(gate(), { force: true });
    notices.length = 0;
    const step = held();
    const chat = await project.chat(async ({ userText }) => {
      if (userText.includes("runs in the background")) return say("Scripted: as above.");
      if (userText.includes("has ended.")) return say("Scripted: I have seen the end.");
      await step.wait();
      return say("Scripted: done with that.");
    }, "build");
    await chat.command("job", LONG);
    const turn = chat.say("something else").catch(() => undefined);
    await step.reached;
    open();
    await expect.poll(() => notices.join("\n"), SETTLED).toContain(`${LONG}: completed`);
    expect(await wakesOf(chat)).toBe(0);
    if (how === "is stopped") await chat.abort();
    step.release();
    await turn;
    await expect.poll(async () => (await spoken(chat)).at(-1)?.text, SETTLED).toBe("Scripted: I have seen the end.");
    expect(await wakesOf(chat)).toBe(1);
    await expect.poll(waiting, SETTLED).toEqual([]);
  }
  await stop();
});

test("/job and /jobs; an end while OpenCode was away is told by the next one, once", async () => {
  const chat = await project.chat(asking(""), "build");
  host.teach(chat.session, (turn) =>
    say(turn.userText.includes("has ended") ? "Scripted: I have seen the end." : "Scripted: as above."),
  );
  await chat.command("job", LONG);
  const id = idIn((await spoken(chat))[0]?.text ?? "");
  expect((await spoken(chat))[0]?.text).toContain(`${id} runs in the background`);
  await chat.command("jobs", "");
  expect((await spoken(chat)).at(-2)?.text).toMatch(new RegExp(`${id}  (?:queued|running)  ${LONG}`));
  await host.kill();
  open();
  await expect.poll(() => statusOf(id), SETTLED).toBe("completed");
  await host.revive();
  // The first request begins the project's instance.
  await project.client.session.list();
  await expect.poll(async () => (await spoken(chat)).at(-1)?.text, SETTLED).toBe("Scripted: I have seen the end.");
  await host.crash();
  await project.client.session.list();
  await chat.say("and now?");
  expect(await wakesOf(chat)).toBe(1);
  expect(waiting()).toEqual([]);
});
