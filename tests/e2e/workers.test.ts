import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, fail, hang, say } from "../../vllm/simulator/brain.ts";
import { ISOLATIONS, inMode, MODES } from "./isolation.ts";
import { checkedProject, closing, goodWorker, opening, type Part, reportFailed, swarmBrain } from "./steps.ts";
import { Host } from "./world.ts";

const good = (name: string): Part => ({ name, scope: [`src/${name}/**`], steps: goodWorker(`src/${name}/a.mjs`) });

describe.each(MODES)("Workers that do not do what they should, isolation %s", (isolation) => {
  let host: Host;
  beforeAll(async () => {
    host = await Host.start(inMode(isolation));
  }, 90_000);
  afterAll(() => host.close());

  test("silent, failing, looping and broken Workers end as failed, and the good one completes", async () => {
    const loop = Array.from({ length: 30 }, () => call("read", { filePath: "README.md" }));
    const parts: Part[] = [
      good("good"),
      {
        name: "silent",
        scope: ["src/silent/**"],
        steps: [say("Scripted: I think I am done."), say("Scripted: really done.")],
      },
      { name: "failing", scope: ["src/failing/**"], steps: [reportFailed, say("Scripted: sorry.")] },
      { name: "looping", scope: ["src/looping/**"], steps: loop },
      { name: "refused", scope: ["src/refused/**"], steps: [fail(400, "scripted bad request")] },
      { name: "after", scope: ["src/after/**"], steps: [say("Scripted: never runs.")], dependsOn: ["failing"] },
    ];
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: all ended.")], parts));
    await chat.say("Build them");
    await chat.say("1");
    const state = await project.until(
      "all ended",
      (swarm) =>
        swarm?.workers.length === 6 && swarm.workers.every((w) => w.status === "completed" || w.status === "failed"),
    );
    expect(Object.fromEntries(state.workers.map((worker) => [worker.assignment.name, worker.status]))).toEqual({
      good: "completed",
      silent: "failed",
      failing: "failed",
      looping: "failed",
      refused: "failed",
      after: "failed",
    });
    const reason = (name: string) => {
      const worker = state.workers.find((each) => each.assignment.name === name);
      return worker?.status === "failed" ? worker.reason : "";
    };
    expect(reason("silent")).toContain("really done");
    expect(reason("looping")).toContain("same read call");
    expect(reason("refused")).toContain("scripted bad request");
    expect(reason("after")).toContain("failing");
    const status = (await chat.results("await_workers"))[0] ?? "";
    expect(status).toContain("1/6 completed");
  });

  test("a completed report is refused until its check passed on the files as they are", async () => {
    const report = call("report_result", {
      status: "completed",
      summary: "s",
      qa: [{ command: "node check.mjs", passed: true }],
    });
    const parts: Part[] = [
      {
        name: "eager",
        scope: ["src/eager/**"],
        steps: [
          call("write", { filePath: "src/eager/a.mjs", content: "export const a = 1;\n" }),
          report,
          call("bash", { command: "node check.mjs", description: "check" }),
          call("write", { filePath: "src/eager/a.mjs", content: "export const a = 2;\n" }),
          report,
          call("bash", { command: "node check.mjs", description: "check" }),
          report,
          say("Scripted: done."),
        ],
      },
    ];
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
    await chat.say("Build it");
    await chat.say("1");
    await project.until("completed", (swarm) => swarm?.workers[0]?.status === "completed");
    const [worker] = await project.children(chat.session);
    const reports = (await project.tools(worker?.id ?? ""))
      .filter((part) => part.tool === "report_result")
      .map((part) => part.text);
    expect(reports[0]).toContain("qa-not-run");
    expect(reports[1]).toContain("qa-outdated");
    expect(reports[2]).toContain("Recorded as completed");
  });

  test("blocked reaches the Commander; retry_worker starts a new session on the same scope; retries are bounded", async () => {
    const blocked = call("report_result", { status: "blocked", summary: "Which colour?" });
    const parts: Part[] = [
      {
        name: "asker",
        scope: ["src/asker/**"],
        steps: [
          (turn) =>
            turn.firstUserText.includes("Make it blue")
              ? call("write", { filePath: "src/asker/a.mjs", content: "export const blue = 1;\n" })
              : blocked,
          (turn) =>
            turn.firstUserText.includes("Make it blue")
              ? call("bash", { command: "node check.mjs", description: "check" })
              : say("Scripted: waiting."),
          call("report_result", {
            status: "completed",
            summary: "blue",
            qa: [{ command: "node check.mjs", passed: true }],
          }),
          say("Scripted: done."),
        ],
      },
    ];
    const project = await host.project(checkedProject);
    const commander = [
      ...opening(parts),
      call("read_worker", { worker_id: "w01" }),
      call("retry_worker", { worker_id: "w01", instructions: "Make it blue" }),
      call("await_workers"),
      ...closing(parts),
    ];
    const chat = await project.chat(swarmBrain(commander, parts));
    await chat.say("Build it");
    await chat.say("1");
    const state = await project.until("done", (swarm) => swarm?.phase === "done");
    expect((await chat.results("read_worker"))[0]).toContain("Which colour?");
    expect(state.workers[0]).toMatchObject({ status: "completed", attempt: 2, retries: 1 });
    expect(await project.children(chat.session)).toHaveLength(2);
  });

  test("aborting the Commander aborts its Workers, and nothing goes on until the person speaks", async () => {
    const parts: Part[] = [
      { name: "slow", scope: ["src/slow/**"], steps: [hang(60_000)] },
      { name: "slower", scope: ["src/slower/**"], steps: [hang(60_000)] },
    ];
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain(opening(parts), parts));
    await chat.say("Build them");
    await chat.mutter("1");
    await project.until(
      "running",
      (swarm) => (swarm?.workers.filter((worker) => worker.status === "exploring").length ?? 0) === 2,
    );
    const waiting = () =>
      host.requests().filter((request) => request.role === "worker" && request.endedAt === undefined).length;
    await chat.abort();
    const state = await project.until(
      "stopped",
      (swarm) => swarm?.workers.every((worker) => worker.status === "cancelled") ?? false,
    );
    expect(state.paused).toBe(true);
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0);
    const before = (await project.events()).length;
    await chat.say("What happened?");
    const after = await project.events();
    expect(after.slice(before).map((event) => event.type)).toContain("person_spoke");
  });

  test("a Worker's shell output and a file's text are bounded, and what is left out can be asked for", async () => {
    const long = Array.from({ length: 5_000 }, (_, n) => `row ${n + 1}`).join("\n");
    const [write = say(""), ...rest] = goodWorker("src/loud/a.mjs");
    const steps = [
      write,
      call("bash", { command: "seq 1 9000 | sed 's/^/number /'", description: "count" }),
      call("read", { filePath: "src/rows.txt" }),
      ...rest,
    ];
    const parts: Part[] = [{ name: "loud", scope: ["src/loud/**"], steps }];
    const project = await host.project({ ...checkedProject, "src/rows.txt": `${long}\n` });
    const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
    await chat.say("Build it");
    await chat.say("1");
    await project.until("completed", (swarm) => swarm?.workers[0]?.status === "completed");
    const [worker] = await project.children(chat.session);
    const results = await project.tools(worker?.id ?? "");
    const shown = (tool: string) => results.find((part) => part.tool === tool)?.text ?? "";
    for (const tool of ["bash", "read"]) {
      expect(shown(tool)).toMatch(/lines \(\d+ characters\) left out/);
      expect(shown(tool).length).toBeLessThan(25_000);
    }
    expect(shown("bash")).toContain("number 9000");
    expect(shown("read")).toContain("row 1\n");
    expect(shown("read")).toContain("Read on with offset");
  });

  test("no child ever waits for a permission", async () => {
    const parts: Part[] = [
      {
        name: "curious",
        scope: ["src/curious/**"],
        steps: [
          call("read", { filePath: "/etc/hostname" }),
          call("read", { filePath: ".env" }),
          call("webfetch", { url: "http://127.0.0.1:9/", format: "text" }),
          call("todowrite", { todos: [] }),
          reportFailed,
          say("Scripted: done."),
        ],
      },
    ];
    const project = await host.project({ ...checkedProject, ".env": "SECRET=1\n" });
    const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
    await chat.say("Build it");
    await chat.say("1");
    await project.until("ended", (swarm) => swarm?.workers[0]?.status === "failed", 30_000);
    const [worker] = await project.children(chat.session);
    const tools = await project.tools(worker?.id ?? "");
    // A tool that is not offered ends in OpenCode's stand-in, which tells the model so.
    const refused = tools.slice(0, 4).map(({ tool, status }) => (tool === "invalid" ? "not offered" : status));
    expect(refused).toEqual(["error", "error", "not offered", "not offered"]);
    const asked = await project.client.permission.list();
    expect(asked.data).toEqual([]);
  });
});

describe.each(ISOLATIONS)("after a crash, isolation %s", (isolation) => {
  test("kill -9 in monitoring: a restart resumes the Workers in their sessions and the swarm is brought to done", async () => {
    const parts: Part[] = [
      good("first"),
      {
        name: "second",
        scope: ["src/second/**"],
        steps: [
          call("write", { filePath: "src/second/a.mjs", content: "export const a = 1;\n" }),
          (turn) =>
            turn.userText.includes("interrupted")
              ? call("bash", { command: "node check.mjs", description: "check" })
              : hang(60_000),
          call("report_result", {
            status: "completed",
            summary: "s",
            qa: [{ command: "node check.mjs", passed: true }],
          }),
          say("Scripted: done."),
        ],
      },
    ];
    const crashing = await Host.start(inMode(isolation));
    try {
      const project = await crashing.project(checkedProject);
      const chat = await project.chat(swarmBrain([...opening(parts), ...closing(parts)], parts));
      await chat.say("Build them");
      await chat.mutter("1");
      await project.until(
        "one done, one hanging",
        (swarm) => swarm?.workers[0]?.status === "completed" && swarm.workers[1]?.status === "implementing",
      );
      const before = await project.events();
      await crashing.crash();
      // A client of the person's comes back: that is when OpenCode loads the project again.
      await project.client.session.list();
      const state = await project.until("done", (swarm) => swarm?.phase === "done", 90_000);
      expect(state.workers.map((worker) => worker.status)).toEqual(["completed", "completed"]);
      const events = await project.events();
      expect(events.slice(0, before.length)).toEqual(before);
      expect(events.filter((event) => event.type === "worker_started")).toHaveLength(2);
      expect(events.filter((event) => event.type === "design_proposed")).toHaveLength(1);
      expect(await project.git("log", "--format=%s", "-1")).toBe("feat: all parts");
    } finally {
      await crashing.close();
    }
  }, 150_000);
});
