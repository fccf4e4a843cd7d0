import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Host, type Project } from "../../tests/e2e/world.ts";
import { type Brain, call, say } from "../../vllm/simulator/brain.ts";

/** Files that the work goes through: each is read and rewritten. */
const FILES = 20;
/** Lines of each. */
const LINES = 60;
/** As everywhere in this product's counts. */
const CHARACTERS_PER_TOKEN = 4;
const TASK = "Add a comment to every file in src";
const LIMIT_MS = 120_000;

/** What one chat sent to its model. */
export interface ChatTokens {
  requests: number;
  /** Prompt tokens of all of them together: an estimate from their bytes. */
  promptTokens: number;
}

/**
 * A chat that does long work itself, against one that puts it into a job and is woken at the end, on real OpenCode with a
 * scripted model; counted from the requests as the server recorded them. What the job itself takes is about what the first
 * chat takes, in a session that ends with it.
 */
export async function chatTokens(): Promise<{ doing: ChatTokens; starting: ChatTokens }> {
  const dir = mkdtempSync(join(tmpdir(), "omq-bench-job-tokens-"));
  const program = join(dir, "work");
  const done = join(dir, "done");
  // The job's own work: what it says is a recorded run's, and it waits until the chat has ended its turn.
  const recorded = join(process.cwd(), "tests/fixtures/cli/opencode-success.json");
  const player = join(process.cwd(), "tests/adapters/programs/scripted.mjs");
  writeFileSync(
    program,
    `#!/bin/sh\nwhile [ ! -e ${done} ]; do sleep 0.1; done\nSCRIPTED=${recorded} exec ${process.execPath} ${player} "$@"\n`,
  );
  chmodSync(program, 0o755);
  const host = await Host.start({
    settings: { opencode: { command: program, ways: ["run"] }, jobs: { inChats: true, between: "background" } },
  });
  try {
    const files = Object.fromEntries(
      Array.from({ length: FILES }, (_, index) => [`src/part${index}.mjs`, textOf(index)]),
    );
    const project = await host.project(files);
    const doing = await played(host, project, worksThrough(), 1);
    const starting = await played(host, project, startsJob(), 2, () => writeFileSync(done, ""));
    return { doing, starting };
  } finally {
    if (!existsSync(done)) writeFileSync(done, "");
    await host.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const textOf = (part: number): string =>
  Array.from({ length: LINES }, (_, line) => `export const value${part}_${line} = "something of part ${part}";\n`).join(
    "",
  );

/** Reads and rewrites each file, then says so. */
function worksThrough(): Brain {
  return (turn) => {
    const step = turn.toolResults.length;
    const part = step >> 1;
    if (part >= FILES) return say("Scripted: every file has its comment. THE END");
    const filePath = `src/part${part}.mjs`;
    const [oldString] = textOf(part).split("\n", 1);
    return step % 2 === 0
      ? call("read", { filePath })
      : call("edit", { filePath, oldString, newString: `// Part ${part}.\n${oldString}` });
  };
}

/** Starts a job, ends its turn, and answers when it is woken. */
function startsJob(): Brain {
  return (turn) => {
    if (turn.userText.includes("has ended")) return say("Scripted: it is done. THE END");
    return turn.lastToolResults.length > 0 ? say("Scripted: it runs.") : call("start_job", { task: TASK });
  };
}

/** Plays one chat until it said its last. @param turns how many turns it has; `between` is called after the first */
async function played(
  host: Host,
  project: Project,
  brain: Brain,
  turns: number,
  between: () => void = () => undefined,
): Promise<ChatTokens> {
  const chat = await project.chat(brain, "build");
  const turn = chat.say(TASK, LIMIT_MS);
  let over = false;
  const ended = turn.finally(() => {
    over = true;
  });
  if (turns > 1) await allow(project, () => over);
  await ended;
  between();
  const end = Date.now() + LIMIT_MS;
  while (!(await isOver(project, chat.session))) {
    if (Date.now() > end) throw new Error(`the chat did not end in ${LIMIT_MS} ms`);
    await sleep(100);
  }
  const sent = host.requests().filter(({ sessionId, role }) => sessionId === chat.session && role !== "title");
  const bytes = sent.reduce((sum, request) => sum + request.bytes, 0);
  return { requests: sent.length, promptTokens: Math.round(bytes / CHARACTERS_PER_TOKEN) };
}

/** Says yes where OpenCode asks whether the job may start. @param over whether the turn has ended: nothing is asked then */
async function allow(project: Project, over: () => boolean): Promise<void> {
  while (!over()) {
    const [asked] = (await project.client.permission.list()).data ?? [];
    if (asked) {
      await project.client.permission.reply({ requestID: asked.id, reply: "once" });
      return;
    }
    await sleep(100);
  }
}

async function isOver(project: Project, session: string): Promise<boolean> {
  const { data } = await project.client.session.messages({ sessionID: session });
  return (data ?? []).some(
    ({ info, parts }) =>
      info.role === "assistant" && parts.some((part) => part.type === "text" && part.text.includes("THE END")),
  );
}
