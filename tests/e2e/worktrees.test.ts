import { existsSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, hang, type Step, say } from "../../vllm/simulator/brain.ts";
import { inMode } from "./isolation.ts";
import { checkedProject, closing, goodWorker, opening, type Part, reportFailed, seen, swarmBrain } from "./steps.ts";
import { Host, type Project, ProjectDir } from "./world.ts";

let host: Host;
beforeAll(async () => {
  host = await Host.start(inMode("worktree"));
}, 90_000);
afterAll(() => host.close());

const check = call("bash", { command: "node check.mjs", description: "check" });
const completed = call("report_result", {
  status: "completed",
  summary: "s",
  qa: [{ command: "node check.mjs", passed: true }],
});
const end = say("Scripted: done.");
const write = (filePath: string, content: string) => call("write", { filePath, content });
const branches = async (project: Project) =>
  (await project.git("branch", "--list", "aegis/*", "--format=%(refname:short)")).split("\n").filter((each) => each);

/** OpenCode searches with ripgrep, which it downloads where the machine has none: not in a test. */
const searches = (process.env.PATH ?? "").split(":").some((dir) => existsSync(path.join(dir, "rg")));

/** A Worker's own tree, as the swarm's log names it. */
async function treeOf(project: Project, index: number): Promise<ProjectDir> {
  const dir = (await project.state())?.workers[index]?.worktree?.dir;
  if (dir === undefined) throw new Error(`w0${index + 1} has no tree`);
  return new ProjectDir(path.join(project.dir, dir));
}

async function closedTrees(project: Project) {
  const state = await project.until(
    "trees put away",
    (swarm) => swarm?.workers.every(({ worktree }) => worktree?.closed !== undefined) ?? false,
  );
  return state.workers.map(({ worktree }) => worktree?.closed);
}

describe("a tree of one's own", () => {
  test("a Worker works at the project's paths: dependencies and settings are there, neighbours and the log are not", async () => {
    const project = await host.project({
      ...checkedProject,
      ".gitignore": ".aegis/\nnode_modules/\n.env.local\n",
      "src/old.mjs": "export const old = 1;\n",
    });
    await project.put("node_modules/dep/package.json", '{"name":"dep","type":"module","exports":"./i.mjs"}');
    await project.put("node_modules/dep/i.mjs", "export const dep = 'from the project';\n");
    await mkdir(path.join(project.dir, "packages/own"), { recursive: true });
    await project.put(".env.local", "NEEDED=yes\n");
    await symlink("dep", path.join(project.dir, "node_modules/linked"));
    let told = "";
    let between: string | undefined;
    const parts: Part[] = [
      {
        name: "looking",
        scope: ["src/looking/**"],
        steps: [
          write(path.join(project.dir, "src/looking/a.mjs"), 'import { dep } from "dep";\nconsole.log(dep);\n'),
          call("bash", {
            command: `pwd; node src/looking/a.mjs; cat .env.local; ls ${project.dir}/src; ls -a; git status --short; git log --format=%s -1 HEAD~0; echo x > node_modules/dep/i.mjs; ls .aegis; mkdir -p src/looking/deep`,
            description: "look",
          }),
          call("bash", { command: "pwd", description: "where", workdir: "src/looking/deep" }),
          call("read", { filePath: "src/looking/a.mjs" }),
          call("glob", { pattern: "src/**/*.mjs" }),
          call("grep", { pattern: "dep", include: "*.mjs" }),
          call("read", { filePath: path.join(project.dir, "node_modules/dep/i.mjs") }),
          write("node_modules/dep/i.mjs", "no\n"),
          write("src/looking/p.mjs", "export const p = 1;\n"),
          call("edit", { filePath: "src/looking/a.mjs", oldString: "console.log(dep)", newString: "export { dep }" }),
          call("task", { description: "look", prompt: "What is in src/looking/p.mjs?", subagent_type: "scout" }),
          async (turn) => {
            told = JSON.stringify(turn.messages);
            between = await project.read("src/looking/a.mjs");
            return check;
          },
          completed,
          end,
        ],
      },
      { name: "left", scope: ["src/left/**"], steps: goodWorker("src/left/a.mjs") },
    ];
    const helpers = [
      call("read", { filePath: "src/looking/p.mjs" }),
      (turn: Parameters<Extract<Step, (...args: never[]) => unknown>>[0]) => say(`Scripted: ${seen(turn, "read")}`),
    ];
    const chat = await project.chat(swarmBrain([...opening(parts), ...closing(parts)], parts, helpers));
    await chat.say("Build both");
    await chat.say("1");
    const state = await project.until("done", (swarm) => swarm?.phase === "done");
    const worker = state.workers[0];
    const session = worker && "session" in worker ? (worker.session ?? "") : "";
    const tools = await project.tools(session);
    const text = (index: number) => tools[index]?.text ?? "";
    expect(text(1)).toContain(`${project.dir}\nfrom the project\nNEEDED=yes\nlooking\nold.mjs\nshared.mjs\n`);
    expect(text(1)).toContain("?? src/looking/");
    expect(text(1)).toContain("Read-only file system");
    expect(text(1)).toMatch(/cannot access '\.aegis'/u);
    expect(text(2)).toContain(path.join(project.dir, "src/looking/deep"));
    expect(text(3)).toContain("console.log(dep)");
    if (searches) {
      expect(text(4)).toContain(path.join(project.dir, "src/looking/a.mjs"));
      expect(text(5)).toContain(path.join(project.dir, "src/looking/a.mjs"));
    }
    expect(text(6)).toContain("from the project");
    expect(text(7)).toContain("Refused (");
    expect(text(10)).toContain("export const p = 1;");
    // The model is not told of the tree: every path it sees is one of the project's.
    expect(told).toContain("src/looking/p.mjs");
    expect(tools.map((part) => part.text).join("\n")).not.toContain("worktrees");
    expect(between).toBeUndefined();
    expect(await project.git("show", "--name-only", "--format=", "HEAD")).toBe(
      "src/left/a.mjs\nsrc/looking/a.mjs\nsrc/looking/p.mjs",
    );
    expect(await project.read("node_modules/dep/i.mjs")).toContain("from the project");
    expect(await closedTrees(project)).toEqual([{}, {}]);
    expect(await branches(project)).toEqual([]);
    expect(existsSync(path.join(project.dir, ".aegis/worktrees", state.id, "w01"))).toBe(false);
    expect((await project.git("worktree", "list", "--porcelain")).match(/^worktree /gmu)).toHaveLength(1);
    expect(await project.git("status", "--porcelain")).toBe("");
  }, 120_000);

  test("a Worker that builds on another finds its work, although nothing is merged yet", async () => {
    const parts: Part[] = [
      { name: "base", scope: ["src/base/**"], steps: goodWorker("src/base/a.mjs") },
      {
        name: "top",
        scope: ["src/top/**"],
        dependsOn: ["base"],
        steps: [write("src/top/b.mjs", 'export * from "../base/a.mjs";\n'), check, completed, end],
      },
    ];
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain([...opening(parts), ...closing(parts)], parts));
    await chat.say("Build both");
    await chat.say("1");
    const state = await project.until("done", (swarm) => swarm?.phase === "done");
    expect(state.workers.map(({ status }) => status)).toEqual(["completed", "completed"]);
    expect(await project.git("show", "--name-only", "--format=", "HEAD")).toBe("src/base/a.mjs\nsrc/top/b.mjs");
  }, 90_000);
});

describe("a merge conflict", () => {
  test("is shown, keeps QA shut, goes back to the Worker with both versions, and is merged once resolved", async () => {
    const project = await host.project({ ...checkedProject, "src/cart/a.mjs": "export const a = 1;\n" });
    const resolve: Step[] = [
      call("read", { filePath: "src/cart/a.mjs" }),
      // Reported too early: the marks are still there.
      call("bash", { command: "true", description: "nothing" }),
      call("report_result", { status: "completed", summary: "s", qa: [{ command: "true", passed: true }] }),
      write("src/cart/a.mjs", "export const a = 'both';\n"),
      check,
      completed,
      end,
    ];
    const first: Step[] = [
      write("src/cart/a.mjs", "export const a = 'worker';\n"),
      async () => {
        // The person changes the same line in the project while the Worker is at it.
        await project.put("src/cart/a.mjs", "export const a = 'person';\n");
        return check;
      },
      completed,
      end,
    ];
    const steps = Array.from(
      { length: 8 },
      (_, at): Step =>
        (turn) => {
          const step = (turn.firstUserText.includes("Merge conflict") ? resolve : first)[at] ?? end;
          return typeof step === "function" ? step(turn) : step;
        },
    );
    const parts: Part[] = [
      { name: "cart", scope: ["src/cart/**"], steps },
      { name: "left", scope: ["src/left/**"], steps: goodWorker("src/left/a.mjs") },
    ];
    const commander = [
      ...opening(parts),
      call("check_conflicts"),
      call("run_qa"),
      call("retry_worker", { worker_id: "w01", instructions: "Keep both." }),
      call("await_workers"),
      ...closing(parts),
    ];
    const chat = await project.chat(swarmBrain(commander, parts));
    await chat.say("Build both");
    await chat.say("1");
    const state = await project.until("done", (swarm) => swarm?.phase === "done");
    const [conflict = "", clean = ""] = await chat.results("check_conflicts");
    expect(conflict).toContain("Merged into the project's files: w02.");
    expect(conflict).toContain("CONFLICT: w01 and the project's files both changed src/cart/a.mjs");
    expect(conflict).toContain("export const a = 'person';\n=======\nexport const a = 'worker';");
    expect(clean).toContain("No conflicts");
    expect((await chat.results("run_qa"))[0]).toContain("Refused (merge-conflict)");
    const resolver = state.workers[0];
    const tools = await project.tools(resolver && "session" in resolver ? (resolver.session ?? "") : "");
    expect(tools[0]?.text).toContain("<<<<<<<");
    expect(tools[2]?.text).toContain("Refused (conflict-marks)");
    expect(await project.git("show", "HEAD:src/cart/a.mjs")).toBe("export const a = 'both';");
    expect(await project.git("status", "--porcelain")).toBe("");
    expect(await closedTrees(project)).toEqual([{}, {}]);
  }, 120_000);

  test("goes to a new Worker whose scope covers the files, and both Workers' work is merged", async () => {
    const project = await host.project({ ...checkedProject, "src/cart/a.mjs": "export const a = 1;\n" });
    const first: Step[] = [
      write("src/cart/a.mjs", "export const a = 'worker';\n"),
      write("src/cart/more.mjs", "export const more = 1;\n"),
      async () => {
        await project.put("src/cart/a.mjs", "export const a = 'person';\n");
        return check;
      },
      completed,
      end,
    ];
    const resolve: Step[] = [
      call("read", { filePath: "src/cart/a.mjs" }),
      write("src/cart/a.mjs", "export const a = 'both';\n"),
      check,
      completed,
      end,
    ];
    const parts: Part[] = [
      { name: "cart", scope: ["src/cart/**"], steps: first },
      { name: "mender", scope: ["src/cart/**"], steps: resolve },
    ];
    const [cart, mender] = parts as [Part, Part];
    const commander = [
      ...opening([cart]),
      call("check_conflicts"),
      call("dispatch_workers", {
        workers: [{ name: "mender", feature: "mend", fileScope: mender.scope, spec: "Keep both. PART<mender>" }],
      }),
      call("await_workers"),
      ...closing(parts),
    ];
    const chat = await project.chat(swarmBrain(commander, parts));
    await chat.say("Build it");
    await chat.say("1");
    const state = await project.until("done", (swarm) => swarm?.phase === "done", 90_000);
    const [conflict = "", clean = ""] = await chat.results("check_conflicts");
    expect(conflict).toContain("CONFLICT: w01 and the project's files both changed src/cart/a.mjs");
    expect(clean).toContain("No conflicts");
    const resolver = state.workers[1];
    const tools = await project.tools(resolver && "session" in resolver ? (resolver.session ?? "") : "");
    expect(tools[0]?.text).toContain("<<<<<<<");
    expect(await project.git("show", "HEAD:src/cart/a.mjs")).toBe("export const a = 'both';");
    expect(await project.git("show", "HEAD:src/cart/more.mjs")).toBe("export const more = 1;");
    expect(await project.git("status", "--porcelain")).toBe("");
    expect(await closedTrees(project)).toEqual([{}, {}]);
    expect(await branches(project)).toEqual([]);
  }, 120_000);
});

describe("nothing is lost", () => {
  test("an abort saves what every Worker wrote on its branch, puts the trees away, and says where the work is", async () => {
    const parts: Part[] = [
      {
        name: "half",
        scope: ["src/half/**"],
        steps: [write("src/half/a.mjs", "export const half = 1;\n"), hang(60_000)],
      },
      { name: "idle", scope: ["src/idle/**"], steps: [hang(60_000)] },
    ];
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain(opening(parts), parts));
    await chat.say("Build both");
    await chat.mutter("1");
    await project.until("half is written, and the other has begun too", (swarm) => {
      const [half, idle] = swarm?.workers ?? [];
      return half?.wrote.length === 1 && idle?.worktree !== undefined && idle.status !== "queued";
    });
    await chat.abort();
    await chat.command("abort-swarm", "enough");
    const [half, idle] = await closedTrees(project);
    const branch = (await branches(project))[0] ?? "";
    expect(half).toEqual({ kept: `branch ${branch}`, why: "its work was not merged" });
    expect(idle).toEqual({});
    expect(await branches(project)).toHaveLength(1);
    expect(await project.git("show", `${branch}:src/half/a.mjs`)).toBe("export const half = 1;");
    expect((await project.git("worktree", "list", "--porcelain")).match(/^worktree /gmu)).toHaveLength(1);
    expect(await project.git("status", "--porcelain")).toBe("");
  }, 90_000);

  test("after a kill -9 and the loss of a tree's directory the Worker goes on from its branch", async () => {
    const parts: Part[] = [
      {
        name: "part",
        scope: ["src/part/**"],
        steps: [
          write("src/part/a.mjs", "export const a = 1;\n"),
          (turn) =>
            turn.userText.includes("interrupted") ? write("src/part/b.mjs", "export const b = 1;\n") : hang(60_000),
          check,
          completed,
          end,
        ],
      },
    ];
    const crashing = await Host.start(inMode("worktree"));
    try {
      const project = await crashing.project(checkedProject);
      const chat = await project.chat(swarmBrain([...opening(parts), ...closing(parts)], parts));
      await chat.say("Build it");
      await chat.mutter("1");
      await project.until("written", (swarm) => swarm?.workers[0]?.wrote.length === 1);
      const tree = await treeOf(project, 0);
      await crashing.crash();
      await rm(tree.dir, { recursive: true });
      await project.git("worktree", "prune");
      await project.client.session.list();
      const state = await project.until("done", (swarm) => swarm?.phase === "done", 90_000);
      expect(state.workers[0]?.status).toBe("completed");
      expect(await project.git("show", "--name-only", "--format=", "HEAD")).toBe("src/part/b.mjs");
      expect((await project.events()).filter((event) => event.type === "worker_started")).toHaveLength(1);
    } finally {
      await crashing.close();
    }
  }, 150_000);
});

describe("where it cannot be", () => {
  test("a repository with a submodule is refused at the dispatch, with the way on", async () => {
    const project = await host.project(checkedProject);
    const head = await project.git("rev-parse", "HEAD");
    await execa("git", ["update-index", "--add", "--cacheinfo", `160000,${head},vendor/lib`], { cwd: project.dir });
    await mkdir(path.join(project.dir, "vendor/lib"), { recursive: true });
    await execa("git", ["commit", "-qm", "submodule"], { cwd: project.dir });
    const parts: Part[] = [{ name: "x", scope: ["src/x/**"], steps: [reportFailed, end] }];
    const chat = await project.chat(swarmBrain([...opening(parts).slice(0, -1), say("Scripted: refused.")], parts));
    await chat.say("Build it");
    await chat.say("1");
    const refused = (await chat.results("dispatch_workers"))[0] ?? "";
    expect(refused).toContain("Refused (no-worktree)");
    expect(refused).toContain("vendor/lib is a submodule");
    expect(refused).toContain('set swarm.isolation to "shared"');
    expect((await project.state())?.workers).toEqual([]);
  }, 60_000);
});
