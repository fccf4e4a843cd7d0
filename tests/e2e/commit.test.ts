import { chmod } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, say } from "../../vllm/simulator/brain.ts";
import { inMode, MODES } from "./isolation.ts";
import { checkedProject, closing, goodWorker, opening, type Part, swarmBrain } from "./steps.ts";
import { Host } from "./world.ts";

const parts: Part[] = [
  { name: "left", scope: ["src/left/**"], steps: goodWorker("src/left/a.mjs") },
  { name: "right", scope: ["src/right/**"], steps: goodWorker("src/right/b.mjs") },
];
const untilDone = (swarm: { phase: string } | undefined) => swarm?.phase === "done";
const review = closing(parts).slice(0, 2);

describe.each(MODES)("the committed tree is the tested tree, isolation %s", (isolation) => {
  let host: Host;
  beforeAll(async () => {
    host = await Host.start(inMode(isolation));
  }, 90_000);
  afterAll(() => host.close());

  test("the person's dirty and untracked files are neither tested nor committed, and stay", async () => {
    // The check fails on the person's unfinished README: only a checkout without it can pass.
    const check = `${checkedProject["check.mjs"]}import { readFileSync } from "node:fs";\nif (readFileSync("README.md", "utf8").includes("UNFINISHED")) process.exit(1);\n`;
    const workers = parts.map((part) => ({ ...part, steps: part.steps.map((step) => step) }));
    const quiet = workers.map((part) => ({
      ...part,
      steps: [
        ...goodWorker(`src/${part.name}/a.mjs`).slice(0, 1),
        call("bash", { command: `node src/${part.name}/a.mjs`, description: "check" }),
        call("report_result", {
          status: "completed",
          summary: "s",
          qa: [{ command: `node src/${part.name}/a.mjs`, passed: true }],
        }),
        say("Scripted: done."),
      ],
    }));
    const project = await host.project({ ...checkedProject, "check.mjs": check });
    await project.put("README.md", "# UNFINISHED\n");
    await project.put("notes.txt", "mine\n");
    await project.put("staged.txt", "mine too\n");
    await project.git("add", "staged.txt");
    const chat = await project.chat(swarmBrain([...opening(quiet), ...closing(quiet)], quiet));
    await chat.say("Build both");
    await chat.say("1");
    const state = await project.until("done", untilDone);
    expect(state.dirty).toEqual(["README.md", "notes.txt", "staged.txt"]);
    expect(await project.git("show", "--name-only", "--format=", "HEAD")).toBe("src/left/a.mjs\nsrc/right/a.mjs");
    expect(state.commit?.tree).toBe(await project.git("rev-parse", "HEAD^{tree}"));
    expect(await project.git("status", "--porcelain")).toBe(" M README.md\nA  staged.txt\n?? notes.txt");
    expect((await chat.results("run_qa"))[0]).toContain("Tested without what the swarm may not commit: README.md");
    expect((await chat.results("commit_changes"))[0]).toContain("left alone, changed by the person before");
  }, 60_000);

  test("a commit of some paths is tested by itself and holds them alone", async () => {
    const project = await host.project(checkedProject);
    const steps = [
      ...opening(parts),
      ...review,
      call("run_qa"),
      call("commit_changes", { message: "feat: left", paths: ["src/left/"] }),
      say("Scripted: report."),
    ];
    const chat = await project.chat(swarmBrain(steps, parts));
    await chat.say("Build both");
    await chat.say("1");
    const state = await project.until("done", untilDone);
    const tree = await project.git("rev-parse", "HEAD^{tree}");
    expect(await project.git("show", "--name-only", "--format=", "HEAD")).toBe("src/left/a.mjs");
    expect(state.evidence[tree]?.rows.every((row) => row.passed)).toBe(true);
    expect(Object.keys(state.evidence)).toHaveLength(2);
    expect(await project.git("status", "--porcelain")).toBe("?? src/right/");
  }, 60_000);

  test("a QA that writes files is named and is no evidence", async () => {
    const check = `${checkedProject["check.mjs"]}import { writeFileSync } from "node:fs";\nif (existsSync("src/left/a.mjs")) writeFileSync("src/report.txt", String(process.hrtime.bigint()));\n`;
    const workers = parts.map((part) => ({
      ...part,
      steps: [
        part.steps[0] ?? say(""),
        call("bash", { command: "true", description: "c" }),
        call("report_result", { status: "completed", summary: "s", qa: [{ command: "true", passed: true }] }),
        say("Scripted: done."),
      ],
    }));
    const project = await host.project({ ...checkedProject, "check.mjs": check });
    const steps = [
      ...opening(workers),
      ...review,
      call("run_qa"),
      call("commit_changes", { message: "feat: x" }),
      say("Scripted: I stop."),
    ];
    const chat = await project.chat(swarmBrain(steps, workers));
    await chat.say("Build both");
    await chat.say("1");
    const qa = (await chat.results("run_qa"))[0] ?? "";
    expect(qa).toContain("Not passed");
    expect(qa).toContain("src/report.txt");
    expect((await chat.results("commit_changes"))[0]).toContain("Refused (qa-");
    expect(await project.git("log", "--format=%s")).toBe("start");
  }, 60_000);

  test("the project's own pre-commit hook runs in the sandbox and can refuse; commit-msg may edit", async () => {
    const project = await host.project(checkedProject);
    const hooks = path.join(project.dir, ".git/hooks");
    await project.put(
      ".git/hooks/pre-commit",
      '#!/bin/sh\ngit diff --cached --name-only | grep -q left/bad && { echo "bad file"; exit 1; }\ntouch /etc/aegis-hook-was-here 2>/dev/null\nexit 0\n',
    );
    await project.put(".git/hooks/commit-msg", '#!/bin/sh\nprintf "\\nSigned-off-by: Hook\\n" >> "$1"\n');
    for (const hook of ["pre-commit", "commit-msg"]) await chmod(path.join(hooks, hook), 0o755);
    const bad: Part[] = [{ name: "left", scope: ["src/left/**"], steps: goodWorker("src/left/bad.mjs") }];
    const steps = [
      ...opening(bad),
      call("check_conflicts"),
      call("read_worker", { worker_id: "w01" }),
      call("run_qa"),
      call("commit_changes", { message: "feat: bad" }),
      call("write", { filePath: "src/left/good.mjs", content: "export const good = 1;\n" }),
      call("bash", { command: "rm src/left/bad.mjs", description: "remove" }),
      call("run_qa"),
      call("commit_changes", { message: "feat: good" }),
      say("Scripted: report."),
    ];
    const chat = await project.chat(swarmBrain(steps, bad));
    await chat.say("Build it");
    await chat.say("1");
    await project.until("done", untilDone);
    const [refused, done] = await chat.results("commit_changes");
    expect(refused).toContain("hook-refused");
    expect(refused).toContain("bad file");
    expect(done).toContain("Committed");
    expect(await project.git("log", "--format=%B", "-1")).toContain("feat: good\n\nSigned-off-by: Hook");
    expect(await project.git("show", "--name-only", "--format=", "HEAD")).toBe("src/left/good.mjs");
  }, 60_000);

  test("a commit of the person's while the swarm is live is kept and makes fresh QA necessary", async () => {
    const project = await host.project(checkedProject);
    const commit = call("commit_changes", { message: "feat: both" });
    const steps = [
      ...opening(parts),
      ...review,
      call("run_qa"),
      async () => {
        await project.put("person.txt", "mine\n");
        await project.git("add", "person.txt");
        await project.git("commit", "-q", "-m", "person's own");
        return commit;
      },
      call("run_qa"),
      commit,
      say("Scripted: report."),
    ];
    const chat = await project.chat(swarmBrain(steps, parts));
    await chat.say("Build both");
    await chat.say("1");
    await project.until("done", untilDone);
    const [first, second] = await chat.results("commit_changes");
    expect(first).toContain("qa-outdated");
    expect(second).toContain("Committed");
    expect(await project.git("log", "--format=%s")).toBe("feat: both\nperson's own\nstart");
  }, 60_000);
});
