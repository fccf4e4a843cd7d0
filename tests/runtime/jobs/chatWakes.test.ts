import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ChatWaitFiles } from "../../../src/adapters/jobs/chatWaitFiles.ts";
import type { EndedJob } from "../../../src/core/jobs/record.ts";
import { claimJob, finishJob, queuedJob } from "../../../src/core/jobs/transitions.ts";
import type { FoundWait } from "../../../src/ports/chatWaits.ts";
import { ChatWakes } from "../../../src/runtime/jobs/chatWakes.ts";
import { Turns } from "../../../src/runtime/turns.ts";
import { at, done, request, runner } from "../../core/jobs/scenario.ts";
import { InMemorySessions } from "../inMemorySessions.fixture.ts";

const ID = "task-20260101-120000-abcd";
const CHAT = "ses_chat";
const PLACE = "/jobs/result.md";

function ended(): EndedJob {
  const running = claimJob(queuedJob(request, ID, at(0)), runner("a"), at(1));
  if (!running.ok) throw new Error(running.refusal);
  const job = finishJob(running.job, "a", done, at(2));
  if (!job.ok) throw new Error(job.refusal);
  return job.job;
}

/** A project's OpenCode: its sessions, and as many instances of the plugin as a test needs. */
function world() {
  const root = mkdtempSync(join(tmpdir(), "omq-wakes-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const sessions = new InMemorySessions();
  sessions.known.set(CHAT, { id: CHAT, agent: "build", title: "chat" });
  const notes: string[] = [];
  const instance = () => {
    const waits = new ChatWaitFiles(root, (message) => notes.push(message));
    const turns = new Turns(() => undefined);
    const stop = new AbortController();
    // Each prompt begins a turn, as the host does it.
    sessions.onPrompt = (session) => turns.started(session);
    const limits = { onItsWay: 20, begins: 20, again: [1, 1] };
    const wakes = new ChatWakes({ waits, sessions, turns, log: (message) => notes.push(message), limits });
    return {
      ...{ waits, turns, stop },
      tell: (begun: FoundWait["begun"] = "no") =>
        wakes.tell({ task_id: ID, session: CHAT, project: "/p", begun }, ended(), PLACE, stop.signal),
      add: () => waits.add({ task_id: ID, session: CHAT, project: "/p" }),
    };
  };
  const kept = () => readdirSync(join(root, ".chats"));
  return { sessions, notes, instance, kept };
}

test("given an idle chat, it is told at once, and nothing is left", async () => {
  const { sessions, instance, kept } = world();
  const one = instance();
  await one.add();
  await one.tell();
  expect(sessions.prompts).toMatchObject([
    { session: CHAT, agent: "build", text: expect.stringContaining("has ended.") },
  ]);
  expect(sessions.calls[0]).toMatch(/^notice /);
  expect(kept()).toEqual([]);
});

test("given a chat in a turn, the notice comes at once and the words after the turn", async () => {
  const { sessions, instance, kept } = world();
  const one = instance();
  await one.add();
  one.turns.started(CHAT);
  const told = one.tell();
  await expect.poll(() => sessions.calls).toHaveLength(1);
  expect(sessions.prompts).toEqual([]);
  expect(kept()).toEqual([`${ID}.json`]);
  one.turns.idle(CHAT);
  await told;
  expect(sessions.prompts).toHaveLength(1);
});

test("given an instance that ends while the chat is in a turn, the next one tells it, once", async () => {
  const { sessions, instance } = world();
  const one = instance();
  await one.add();
  one.turns.started(CHAT);
  const told = one.tell();
  one.stop.abort();
  await told;
  expect(sessions.prompts).toEqual([]);
  const next = instance();
  const [wait] = await next.waits.takeOver("/p");
  expect(wait?.begun).toBe("no");
  await next.tell(wait?.begun);
  expect(sessions.prompts).toHaveLength(1);
});

test("given a host that fails for a moment, it is tried again", async () => {
  const { sessions, notes, instance, kept } = world();
  const one = instance();
  await one.add();
  const { prompt } = sessions;
  let failures = 2;
  sessions.prompt = async (...given) => {
    if (failures-- > 0) throw new Error("the host is away");
    return prompt.apply(sessions, given);
  };
  await one.tell();
  expect(sessions.prompts).toHaveLength(1);
  expect(notes.filter((note) => note.includes("tried again"))).toHaveLength(2);
  expect(kept()).toEqual([]);
});

test("given a host that fails for long, the wait is kept for the next instance, which tells it", async () => {
  const { sessions, instance, kept } = world();
  const one = instance();
  await one.add();
  const { prompt } = sessions;
  sessions.prompt = () => Promise.reject(new Error("the host is away"));
  await expect(one.tell()).rejects.toThrow("away");
  expect(kept()).toEqual([`${ID}.telling`]);
  sessions.prompt = prompt;
  const next = instance();
  const [wait] = await next.waits.takeOver("/p");
  await next.tell(wait?.begun);
  expect(sessions.prompts).toHaveLength(1);
  expect(kept()).toEqual([]);
});

test("given words that arrived although the call failed, they are not said twice, and are answered", async () => {
  const { sessions, instance, kept } = world();
  const one = instance();
  await one.add();
  const { prompt } = sessions;
  sessions.prompt = async (...given) => {
    await prompt.apply(sessions, given);
    one.turns.idle(CHAT);
    throw new Error("the answer was lost");
  };
  await one.tell();
  expect(sessions.prompts).toHaveLength(1);
  expect(sessions.calls.at(-1)).toBe(`prompt ${CHAT} again`);
  expect(kept()).toEqual([]);
});

test("given an instance that ended in the middle of telling, the next one tells only what was not heard", async () => {
  const { sessions, instance } = world();
  const one = instance();
  await one.add();
  await one.waits.claim(ID);
  const next = instance();
  const [wait] = await next.waits.takeOver("/p");
  expect(wait?.begun).toBe("here");
  const told = next.tell(wait?.begun);
  // What the one before had sent comes through only now, and is answered.
  await sessions.prompt(CHAT, { agent: "build", text: (await textOf()) ?? "" });
  sessions.answered.add(CHAT);
  next.turns.idle(CHAT);
  await told;
  expect(sessions.prompts).toHaveLength(1);
  expect(sessions.calls.filter((call) => call.startsWith("notice"))).toEqual([]);
});

test("given a host that takes the words and begins no turn, the turn is begun again", async () => {
  const { sessions, instance } = world();
  const one = instance();
  await one.add();
  sessions.onPrompt = () => undefined;
  await one.tell();
  expect(sessions.prompts).toHaveLength(1);
  expect(sessions.calls.at(-1)).toBe(`prompt ${CHAT} again`);
});

test("given a chat that was deleted, nobody is told and nothing is left", async () => {
  const { sessions, instance, kept } = world();
  const one = instance();
  await one.add();
  sessions.known.clear();
  await one.tell();
  expect(sessions.prompts).toEqual([]);
  expect(kept()).toEqual([]);
});

/** The words for such an end. */
async function textOf(): Promise<string | undefined> {
  const { sessions, instance } = world();
  const one = instance();
  await one.add();
  await one.tell();
  return sessions.prompts[0]?.text;
}
