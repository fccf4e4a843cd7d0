import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HANDOFF_FILE, startOf } from "../../src/core/context/handoffTool.ts";
import { taskContextSchema } from "../../src/core/context/taskContext.ts";
import { ContextSynchronizer } from "../../src/library/context/contextSynchronizer.ts";
import type { Step, Turn } from "../../vllm/simulator/brain.ts";
import { byBriefing, byRole, call, say, script } from "../../vllm/simulator/brain.ts";
import { promptText } from "../../vllm/simulator/promptText.ts";
import { countTokens } from "../../vllm/simulator/surface.ts";
import { checkedProject, closing, goodWorker, opening, type Part } from "./steps.ts";
import { Host, type Project } from "./world.ts";

/** Tokens of the longest request; the install takes it over from the server. */
const SERVED = 65_536;

let host: Host;
beforeAll(async () => {
  host = await Host.start({ maxModelLen: SERVED });
}, 90_000);
afterAll(() => host.close());

/** Whether the host has put a summary in the place of the session's messages. */
const shortened = (turn: Turn) => turn.firstUserText.startsWith("What did we do so far?");

/** A step that waits until it is let go, and says that it was reached. */
function held(then: Step): { step: Step; reached: Promise<string>; release: () => void } {
  let reach: (session: string) => void = () => undefined;
  let release: () => void = () => undefined;
  const reached = new Promise<string>((resolve) => {
    reach = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const step: Step = async (turn) => {
    reach(turn.sessionId);
    await released;
    return typeof then === "function" ? then(turn) : then;
  };
  return { step, reached, release };
}

/** Asks the host to shorten a session's messages, as it does by itself near the model's limit. Resolves once it will. */
async function shorten(project: Project, session: string, auto: boolean): Promise<{ over: Promise<unknown> }> {
  const messages = async () => (await project.client.session.messages({ sessionID: session })).data ?? [];
  const answer = (await messages()).map(({ info }) => info).find(({ role }) => role === "assistant");
  if (answer?.role !== "assistant") throw new Error(`session ${session} has no answer yet`);
  const { providerID, modelID } = answer;
  const over = project.client.session.summarize({ sessionID: session, providerID, modelID, auto });
  const asked = async () => (await messages()).some(({ parts }) => parts.some(({ type }) => type === "compaction"));
  await expect.poll(asked, { timeout: 60_000 }).toBe(true);
  return { over };
}

test("Commander, Worker and Scout whose messages the host shortened still know what they are for", async () => {
  /** What each role was told before the summary, in every turn after it. */
  const told: Record<string, string[]> = { commander: [], worker: [], scout: [] };
  /** Steps before the summary, and those after it: the summary itself is the first answer of the second list. */
  const inTwo = (before: readonly Step[], after: readonly Step[]) => (turn: Turn) => {
    if (!shortened(turn)) return script(before)(turn);
    told[turn.role]?.push(turn.firstUserText);
    return script([say("the summary"), ...after])(turn);
  };
  const look = call("read", { filePath: "README.md" });
  const ask = call("task", { description: "look", prompt: "Where is shared? QUESTION", subagent_type: "scout" });
  const scout = held(look);
  const worker = held(look);
  const part: Part = { name: "kept", scope: ["src/kept/**"], steps: [] };
  const commander = [...opening([part]).slice(0, -1), say("Scripted: they work.")];
  const project = await host.project(checkedProject);
  const chat = await project.chat(
    byRole({
      commander: inTwo(commander, closing([part])),
      worker: byBriefing([[/PART<kept>/u, inTwo([ask, worker.step], goodWorker("src/kept/a.mjs"))]]),
      scout: byBriefing([[/QUESTION/u, inTwo([look, scout.step], [say("Scripted: found.")])]]),
      // What makes the host's summaries remembers nothing.
      other: () => say("Scripted: a summary that lost everything."),
    }),
  );
  await chat.say("Build it");
  await chat.say("1");

  const scoutsSession = await scout.reached;
  const scouts = await shorten(project, scoutsSession, true);
  scout.release();
  await scouts.over;
  const workersSession = await worker.reached;
  await (await shorten(project, chat.session, false)).over;
  const workers = await shorten(project, workersSession, true);
  worker.release();
  await workers.over;

  const state = await project.until("done", (swarm) => swarm?.phase === "done");
  expect(state.workers.map(({ status }) => status)).toEqual(["completed"]);
  expect(told.scout?.[0]).toContain("Where is shared? QUESTION");
  expect(told.worker?.[0]).toMatch(/PART<kept>[\s\S]*src\/kept\/\*\*[\s\S]*report_result/u);
  expect(told.commander?.[0]).toMatch(/Phase monitoring[\s\S]*A small thing in parts[\s\S]*w01 kept: src\/kept/u);
  // The prefix cache holds what stays as it is.
  for (const texts of Object.values(told)) expect(new Set(texts).size).toBe(1);
  const summaries = host.requests().filter(({ role }) => role === "other");
  expect(summaries.filter(({ body }) => JSON.stringify(body).includes("were shortened")).length).toBe(3);
}, 180_000);

test("the host shortens a session before a prompt and the answer to it no longer fit the server", async () => {
  const begun = host.requests().length;
  const part: Part = { name: "long", scope: ["src/long/**"], steps: [] };
  // A dozen results of 6,000 tokens are more than the server takes.
  const reads = Array.from({ length: 12 }, (_, index) => call("read", { filePath: "big.txt", offset: index + 1 }));
  const worker = (turn: Turn) =>
    shortened(turn) ? script([say("the summary"), ...goodWorker("src/long/a.mjs")])(turn) : script(reads)(turn);
  const project = await host.project({
    ...checkedProject,
    "big.txt": `${"a line of many words ".repeat(5)}\n`.repeat(400),
  });
  const chat = await project.chat(
    byRole({
      commander: script([...opening([part]).slice(0, -1), say("Scripted: they work.")]),
      worker: byBriefing([[/PART<long>/u, worker]]),
      other: () => say("Scripted: a summary."),
    }),
  );
  await chat.say("Build it");
  await chat.say("1");
  await project.until("completed", (swarm) => swarm?.workers[0]?.status === "completed");
  const sent = host.requests().slice(begun);
  const sizes = sent.map(({ body }) => countTokens(promptText(body)) + (body.max_tokens ?? 0));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(SERVED);
  expect(sent.map(({ status }) => status)).not.toContain(400);
  expect(sent.filter(({ body }) => JSON.stringify(body).includes("were shortened")).length).toBeGreaterThan(0);
}, 180_000);

test("what a session stands at goes to another session, another tool, and comes back", async () => {
  const key = `sk-${"proj-"}${"a1B2c3D4e5F6g7H8i9J0"}`;
  const heard: string[] = [];
  const project = await host.project({ "src/board.ts": "export const board = 1;\n" });
  const todos = [
    { content: "draw the columns", status: "in_progress", priority: "high" },
    { content: "move the cards", status: "pending", priority: "medium" },
  ];
  const chat = await project.chat(
    script([
      call("todowrite", { todos }),
      call("read", { filePath: path.join(project.dir, "src/board.ts") }),
      say("Scripted: begun."),
      (turn) => {
        heard.push(turn.userText);
        return say("Scripted: shown.");
      },
      (turn) => {
        heard.push(turn.messages.filter(({ role }) => role === "user").at(-1)?.text ?? "");
        return say("Scripted: going on.");
      },
    ]),
    "build",
  );
  await chat.say(`Build the board with ${key}`);
  await chat.command("handoff", "claude");
  const markdown = (await project.read(".aegis/handoff/context.md")) ?? "";
  expect(markdown).toContain("> Switched from OpenCode to Claude Code");
  expect(markdown).toMatch(/Build the board with \[redacted\]/u);
  expect(markdown).toMatch(/- \[ \] draw the columns \(in progress\)\n- \[ \] move the cards/u);
  expect(markdown).toMatch(/## Referenced Files\n- src\/board\.ts/u);
  expect(heard[0]).toMatch(/The handoff is in \.aegis\/handoff\/context\.md\.[\s\S]*claude 'Read /u);

  // From a program into the running OpenCode, and back out of it.
  const sync = new ContextSynchronizer({
    localPath: path.join(project.dir, ".aegis"),
    remotePath: "opencode://context",
  });
  await sync.pushContext(taskContextSchema.parse({ task: { description: "PUSHED from elsewhere" } }));
  await chat.say("Go on");
  expect(heard[1]).toContain("PUSHED from elsewhere");
  await expect
    .poll(async () => (await sync.pullContext())?.task, { timeout: 30_000 })
    .toMatchObject({ description: "Go on", goal: "Build the board with [redacted]" });
  expect((await sync.pullContext())?.todos.pending).toEqual(["move the cards"]);

  // Another session begins with what the command line says.
  const prompt = startOf("opencode").at(-1) ?? "";
  const next = await project.chat(
    script([call("read", { filePath: path.join(project.dir, HANDOFF_FILE) }), say("Scripted: I know.")]),
    "build",
  );
  await next.say(prompt);
  expect((await next.results("read")).join()).toContain("draw the columns");
}, 120_000);
