import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Brain, Reply, Turn } from "../../vllm/simulator/brain.ts";
import { byBriefing, byRole, call, endless, fail, reset, say, script, silence } from "../../vllm/simulator/brain.ts";
import { rngOf, variedText } from "../chaos/random.ts";
import { checkedProject, goodWorker, opening, type Part } from "./steps.ts";
import { type Chat, Host, type Project, packageDir } from "./world.ts";

/** Characters beyond which an answer counts as one without end; the gate's own bound is a little lower. */
const BEYOND_ANY_TURN = 800_000;

let host: Host;
beforeAll(async () => {
  host = await Host.start({
    settings: {
      gate: { limits: { firstByte_s: 20, silence_s: 5, retries: 0 } },
      swarm: { takeUps: 3, takeUpWait_s: 1 },
    },
  });
}, 120_000);
afterAll(() => host.close());

const parts: Part[] = [{ name: "part", scope: ["src/part/**"], steps: goodWorker("src/part/a.mjs") }];
const [propose, ask, approve, foundation, dispatch, wait] = opening(parts) as Reply[];

/** What the Commander does next, judged by what its tools gave: an answer that was spoilt is given again. */
const GOOD: Readonly<Record<string, Reply | undefined>> = {
  propose_design: propose,
  ask,
  approve_design: approve,
  complete_foundation: foundation,
  dispatch_workers: dispatch,
  await_workers: wait,
  end: say("Scripted: ended."),
};

function nextOf(turn: Turn): string {
  const done = new Set(turn.toolResults.filter(({ text }) => !/\binvalid\b/u.test(text)).map(({ name }) => name));
  if (!done.has("propose_design")) return "propose_design";
  if (!turn.messages.some((message) => message.role === "user" && message.text.trim() === "1")) return "ask";
  return (
    ["approve_design", "complete_foundation", "dispatch_workers", "await_workers"].find((tool) => !done.has(tool)) ??
    "end"
  );
}

/** A Commander that answers `spoilt` the first `times` times it is to do `at`; `asked` gets every such turn. */
function spoiltAt(at: string, spoilt: Reply, times = 1): { brain: Brain; turns: Turn[] } {
  const turns: Turn[] = [];
  const commander: Brain = (turn) => {
    const next = nextOf(turn);
    if (next === at) turns.push(turn);
    return next === at && turns.length <= times ? spoilt : (GOOD[next] ?? say("Scripted: lost."));
  };
  const worker = byBriefing(parts.map((part) => [new RegExp(`PART<${part.name}>`), script(part.steps)] as const));
  return { brain: byRole({ commander, worker }), turns };
}

/** The person asks, says yes to the design once it is there, and lets the swarm work until its Worker ended. */
async function played(brain: Brain): Promise<{ project: Project; chat: Chat }> {
  const project = await host.project(checkedProject);
  const chat = await project.chat(brain);
  await chat.mutter("Build it");
  await project.until("a design is shown", (swarm) => swarm?.design.status === "open");
  await rest(project, chat, "1. Approve");
  await chat.mutter("1");
  await project.until("the Worker ended", (swarm) => swarm?.workers[0]?.status === "completed", 90_000);
  return { project, chat };
}

/** Waits until no turn runs and the Commander's last words hold `words`. */
async function rest(project: Project, chat: Chat, words = ""): Promise<void> {
  const last = async () => {
    const listed = await project.client.session.messages({ sessionID: chat.session });
    const { info, parts = [] } = listed.data?.at(-1) ?? {};
    const said = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
    const busy = Object.keys((await project.client.session.status()).data ?? {}).includes(chat.session);
    const ended = info?.role === "assistant" && info.time.completed !== undefined;
    return { ended, busy, said: said.includes(words) };
  };
  await expect.poll(last, { timeout: 60_000 }).toEqual({ ended: true, busy: false, said: true });
}

const kinds = async (project: Project, type: string) => (await project.events()).filter((event) => event.type === type);

const design = (summary: string) =>
  call("propose_design", { summary, features: [{ name: "a", description: "the first part" }] });

describe("a Commander whose answer is cut is told, and goes on", () => {
  const cut: [string, string, Reply, string, RegExp][] = [
    ["closing tags in the talk", "propose_design", endless("</tool_call>\n"), "closingTags", /same closing tags/u],
    ["one word in the talk", "ask", endless("ha "), "repeatedToken", /same word/u],
    [
      "one line in a proposal's arguments",
      "propose_design",
      endless("One more shop with one more cart and one more user.\\n", "propose_design"),
      "repeatedLine",
      /same line/u,
    ],
    [
      "a proposal without end, in words that do not repeat",
      "propose_design",
      design(variedText(BEYOND_ANY_TURN, rngOf("design"))),
      "noEnd",
      /had no end/u,
    ],
    [
      "a proposal that the output limit cut",
      "propose_design",
      { ...call("propose_design", '{"summary": "A small thing in par'), finishReason: "length" },
      "outputLimit",
      /arguments provided to the tool are invalid/u,
    ],
    [
      "words that the output limit cut",
      "propose_design",
      { text: "I will", finishReason: "length" },
      "outputLimit",
      /limit/u,
    ],
    [
      "an announced call that is none",
      "propose_design",
      { text: "Now.", finishReason: "tool_calls" },
      "emptyCall",
      /made none/u,
    ],
    [
      "one line in the foundation",
      "complete_foundation",
      endless("I look at it again.\n"),
      "repeatedLine",
      /same line/u,
    ],
    [
      "one line before the dispatch",
      "dispatch_workers",
      endless("I look at it again.\n"),
      "repeatedLine",
      /same line/u,
    ],
    ["one line while Workers run", "await_workers", endless("I look at it again.\n"), "repeatedLine", /same line/u],
  ];
  test.each(cut)("%s", async (_, at, spoilt, kind, told) => {
    const { brain, turns } = spoiltAt(at, spoilt);
    const { project } = await played(brain);
    // The Worker may end first, and its end wakes the Commander for a turn more.
    await expect.poll(() => JSON.stringify(turns.at(-1)?.messages), { timeout: 30_000 }).toMatch(told);
    expect(await kinds(project, "commander_ran_away")).toMatchObject([{ kind }]);
    if (at === "await_workers") expect(turns.length).toBeGreaterThan(1);
    else expect(turns).toHaveLength(2);
    expect((await project.state())?.exhausted).toBe(false);
  });
});

describe("a Commander whose request fails for good is taken up, and goes on", () => {
  const failures: [string, string, Reply, string][] = [
    ["an overloaded server, in the talk", "propose_design", fail(503, "engine dead", 60), "overload"],
    ["a reset before the person was asked", "ask", reset("half a"), "reset"],
    ["a silence in the middle of an answer", "complete_foundation", silence("half a"), "timeout"],
    ["an overloaded server, while Workers run", "await_workers", fail(529, "overloaded", 60), "overload"],
  ];
  test.each(failures)("%s", async (_, at, broken, failure) => {
    const { brain, turns } = spoiltAt(at, broken);
    const { project } = await played(brain);
    // A Worker's end may wake it before the wait is over.
    expect(await kinds(project, "commander_interrupted")).toMatchObject([{ failure, takeUp: 1 }]);
    await expect.poll(() => turns.length, { timeout: 30_000 }).toBeGreaterThan(1);
    if (at !== "await_workers") expect(turns.at(1)?.userText).toContain("model server did not answer");
    expect(await kinds(project, "continuation_exhausted")).toEqual([]);
  });

  test("a server that is away for a while: as often as a Worker is", async () => {
    const { brain, turns } = spoiltAt("dispatch_workers", fail(503, "engine dead", 60), 3);
    const { project } = await played(brain);
    expect(turns).toHaveLength(4);
    expect(await kinds(project, "commander_interrupted")).toMatchObject([{ takeUp: 1 }, { takeUp: 2 }, { takeUp: 3 }]);
  });
});

describe("what does not mend itself goes to the person", () => {
  const stopped = (project: Project) => project.until("stopped", (swarm) => swarm?.exhausted === true);

  async function status(project: Project): Promise<string> {
    const program = path.join(packageDir, "bin/oh-my-qwencoder.js");
    const { stdout } = await execa(process.execPath, [program, "swarm", "status"], {
      cwd: project.dir,
      env: host.environment,
      extendEnv: false,
    });
    // Sentences are broken for the terminal.
    return stdout.replace(/\s+/gu, " ");
  }

  test("a server that stays away: after two take-ups in the talk, with the next step; then they write and it goes on", async () => {
    const { brain, turns } = spoiltAt("propose_design", fail(503, "engine dead", 60), 3);
    const project = await host.project(checkedProject);
    const chat = await project.chat(brain);
    await chat.mutter("Build it");
    const state = await stopped(project);
    expect(state.stopped).toMatchObject({ kind: "request", failure: "overload" });
    expect(turns).toHaveLength(3);
    expect(await status(project)).toMatch(/Commander stopped.*overload.*engine dead.*doctor.*write to it/u);
    const listed = await project.client.session.messages({ sessionID: chat.session });
    expect(JSON.stringify(listed.data?.at(-1)?.info)).toMatch(/did not answer.*doctor/u);
    await rest(project, chat);
    await chat.say("Please go on");
    expect((await project.state())?.design.status).toBe("open");
    expect((await project.state())?.stopped).toBeUndefined();
  });

  test("a key that the server does not take: at once", async () => {
    const { brain, turns } = spoiltAt("propose_design", fail(401, "no such key"), 9);
    const project = await host.project(checkedProject);
    const chat = await project.chat(brain);
    await chat.mutter("Build it");
    expect((await stopped(project)).stopped).toMatchObject({ kind: "request", failure: "auth" });
    expect(turns).toHaveLength(1);
    expect(await status(project)).toMatch(/key/u);
  });

  test("a model that runs away whatever it is told: the third time", async () => {
    const { brain, turns } = spoiltAt("propose_design", endless("I look at it again.\n"), 9);
    const project = await host.project(checkedProject);
    const chat = await project.chat(brain);
    await chat.mutter("Build it");
    expect((await stopped(project)).stopped).toEqual({ kind: "cut", what: "repeatedLine" });
    await rest(project, chat);
    expect(turns).toHaveLength(3);
    expect(await status(project)).toMatch(/Commander stopped.*cut off.*it repeated the same line/u);
  });
});
