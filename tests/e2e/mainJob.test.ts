import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callLineSchema } from "../../src/core/view/callLine.ts";
import { call, type Step, say } from "../../vllm/simulator/brain.ts";
import { ISOLATIONS, inMode } from "./isolation.ts";
import { checkedProject, closing, goodWorker, opening, type Part, seen, sessionOf, swarmBrain } from "./steps.ts";
import { Host } from "./world.ts";

const FOUND_LINES = 400;
/** A Scout's answer that is too long for the Worker's context. */
const LONG_ANSWER = [
  ...Array.from({ length: FOUND_LINES }, (_, index) => `Scripted: found ${index + 1}. src/shared.mjs:${index + 1}`),
  "Scripted: the last of what was found.",
].join("\n");

function barrier(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe.each(ISOLATIONS)("the main job on real OpenCode, isolation %s", (isolation) => {
  let host: Host;
  beforeAll(async () => {
    host = await Host.start({ latencyMs: 40, ...inMode(isolation) });
  }, 90_000);
  afterAll(() => host.close());

  test("design to commit with two Workers, a Scout below one of them, and a report", async () => {
    const parts: Part[] = [
      {
        name: "left",
        scope: ["src/left/**"],
        steps: [
          call("task", { description: "look", prompt: "Where is shared?", subagent_type: "scout" }),
          // The answer is longer than what its asker's context gets of it: the rest is read where it is kept.
          (turn) => {
            const kept = /\.aegis\/findings\/\S+\.md/u.exec(seen(turn, "task"))?.[0] ?? "no file was named";
            return call("read", { filePath: kept, offset: FOUND_LINES - 10 });
          },
          ...goodWorker("src/left/a.mjs"),
        ],
      },
      { name: "right", scope: ["src/right/**"], steps: goodWorker("src/right/b.mjs") },
    ];
    const project = await host.project(checkedProject);
    const brain = swarmBrain([...opening(parts), ...closing(parts)], parts, [say(LONG_ANSWER)]);
    const chat = await project.chat(brain);
    await chat.say("Build both parts");
    expect((await project.state())?.question).toEqual({ kind: "design", revision: 1 });
    await chat.say("1");
    const state = await project.until("done", (swarm) => swarm?.phase === "done");
    expect(state.workers.map((worker) => worker.status)).toEqual(["completed", "completed"]);
    const [left] = await project.children(chat.session);
    const [task] = (await project.tools(left?.id ?? "")).filter((part) => part.tool === "task");
    expect(task).toMatchObject({ status: "completed" });
    expect(task?.text).toContain("Scripted: found 1.");
    expect(task?.text.length).toBeLessThan(LONG_ANSWER.length);
    const [read] = (await project.tools(left?.id ?? "")).filter((part) => part.tool === "read");
    expect(read?.text).toContain("Scripted: the last of what was found.");
    expect(await project.git("log", "--format=%s %an", "-1")).toBe("feat: all parts Person");
    expect(await project.git("show", "--name-only", "--format=", "HEAD")).toBe("src/left/a.mjs\nsrc/right/b.mjs");
    expect(await project.git("status", "--porcelain")).toBe("");
    const tree = await project.git("rev-parse", "HEAD^{tree}");
    expect(state.commit?.tree).toBe(tree);
    expect(state.evidence[tree]?.sandboxed).toBe(true);
    const report = (await chat.results("commit_changes"))[0];
    expect(report).toContain("## Final report");
    expect(report).toContain("npm run test");
    // What a Worker's answers took was counted as they ended; its session tells the same.
    const { data: told = [] } = await project.client.session.messages({ sessionID: left?.id ?? "" });
    const reported = told.findIndex(({ parts }) =>
      parts.some((part) => part.type === "tool" && part.tool === "report_result"),
    );
    const before = told.slice(0, reported).flatMap(({ info }) => (info.role === "assistant" ? [info.tokens] : []));
    expect(state.workers[0]).toMatchObject({
      tokens: {
        input: before.reduce((sum, { input, cache }) => sum + input + cache.read, 0),
        output: before.reduce((sum, { output }) => sum + output, 0),
      },
    });
    expect(before.length).toBeGreaterThan(2);
    // A report ends the turn without another question to the model, and the session says so; whoever speaks to it then is heard.
    const rights = sessionOf(state.workers[1]);
    const asked = () => host.requests().filter(({ sessionId }) => sessionId === rights).length;
    const last = async () => (await project.client.session.messages({ sessionID: rights, limit: 1 })).data?.[0];
    await expect.poll(async () => JSON.stringify((await last())?.parts)).toContain("Aegis: the report is in");
    expect((await last())?.info).toMatchObject({ finish: "stop", tokens: { input: 0, output: 0 } });
    expect(asked()).toBe(3);
    const lines = ((await project.read(".aegis/gate.jsonl")) ?? "").trimEnd().split("\n");
    const spared = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "spared");
    expect(spared.map(({ session }) => session).sort()).toEqual([left?.id, rights].sort());
    await project.client.session.prompt({
      sessionID: rights,
      agent: "worker",
      parts: [{ type: "text", text: "Why?" }],
    });
    expect(asked()).toBe(4);
    // When tool calls ran stands where the views look for it.
    const calls = ((await project.read(".aegis/calls.jsonl")) ?? "").trimEnd().split("\n");
    const ended = calls.map((line) => callLineSchema.parse(JSON.parse(line))).filter((line) => line.state === "ended");
    const lefts = ended.filter((line) => line.session === left?.id);
    expect(lefts.map(({ tool, role, ok }) => [tool, role, ok])).toContainEqual(["task", "worker", true]);
    expect(lefts.every(({ start, end }) => end >= start)).toBe(true);
    expect(ended.map(({ tool, role }) => `${role} ${tool}`)).toContain("commander run_qa");
  });

  test("eight Workers' model calls overlap in time", async () => {
    // Nobody's first call is answered before all eight are there: one after the other would never get on.
    let arrived = 0;
    const gate = barrier();
    const parts = Array.from({ length: 8 }, (_, index): Part => {
      const name = `p${index}`;
      const [first = say(""), ...rest] = goodWorker(`src/${name}/a.mjs`);
      const together = async () => {
        arrived += 1;
        if (arrived === 8) gate.resolve();
        await gate.promise;
        return first;
      };
      return { name, scope: [`src/${name}/**`], steps: [together, ...rest] as Step[] };
    });
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain(opening(parts), parts));
    await chat.say("Build eight");
    await chat.say("1");
    const state = await project.until(
      "all ended",
      (swarm) => swarm?.workers.every((worker) => worker.status === "completed" || worker.status === "failed") ?? false,
    );
    expect(state.workers.map((worker) => worker.status)).toEqual(Array.from({ length: 8 }, () => "completed"));
    expect(arrived).toBe(8);
  });

  test("the Commander that ended its turn is woken when the last Worker ends", async () => {
    const parts: Part[] = [{ name: "solo", scope: ["src/solo/**"], steps: goodWorker("src/solo/a.mjs") }];
    const project = await host.project(checkedProject);
    const steps = opening(parts);
    steps[steps.length - 1] = say("Scripted: I wait without a tool.");
    const chat = await project.chat(swarmBrain([...steps, ...closing(parts)], parts));
    await chat.say("Build it");
    await chat.say("1");
    const state = await project.until("done", (swarm) => swarm?.phase === "done");
    expect(state.commit?.message).toBe("feat: all parts");
  });
});
