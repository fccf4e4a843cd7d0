import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { isolatedEnvironment } from "../../src/cli/demo/environment.ts";
import { HANDOFF_FILE } from "../../src/core/context/handoffTool.ts";
import { executeViaCLI } from "../../src/library/executeViaCLI.ts";
import { type Brain, call, fail, say } from "../../vllm/simulator/brain.ts";
import { type ScriptedServer, startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { OPENCODE, SHORT_LIVED } from "./opencodeProgram.ts";
import { checkedProject, closing, goodWorker, opening, type Part, swarmBrain } from "./steps.ts";
import { installTarball, tree } from "./tarball.ts";
import { MODEL, ProjectDir, packageDir } from "./world.ts";

/** The package as it is installed, and `opencode run`: one process that ends with its first idle, nobody there to answer a question. */
const parts: Part[] = [
  { name: "left", scope: ["src/left/**"], steps: goodWorker("src/left/a.mjs") },
  { name: "right", scope: ["src/right/**"], steps: goodWorker("src/right/b.mjs") },
];

let model: ScriptedServer;
let home: string;
let dir: string;
let brain: Brain;
/** The installed command line. */
let bin: string;
/** The project's files before the install. */
let found: Record<string, string>;
beforeAll(async () => {
  const steps = opening(parts);
  // Under autopilot the design is approved in the same turn: there is no person's message between.
  steps.splice(1, 1);
  brain = swarmBrain([...steps, ...closing(parts)], parts);
  model = await startScriptedServer({ modelId: MODEL, brain: (turn) => brain(turn) });
  home = await mkdtemp(path.join(tmpdir(), "aegis-run-home-"));
  dir = await mkdtemp(path.join(tmpdir(), "aegis-run-project-"));
});
afterAll(async () => {
  await model.close();
  for (const each of [home, dir]) await rm(each, { recursive: true, force: true, maxRetries: 5 });
});

/** What the doctor asks a model. */
const examined: Brain = (turn) =>
  turn.tools.includes("aegis_probe") && turn.assistantTurns === 0
    ? { toolCalls: [{ name: "aegis_probe", arguments: { word: "ping" } }] }
    : { text: "pong" };

describe("the tarball in a project: install, doctor, opencode run --agent commander, uninstall", () => {
  test("goes from the request to the commit in one run", async () => {
    const env = {
      ...SHORT_LIVED,
      ...isolatedEnvironment(process.env, home, "unused"),
      PATH: `${path.dirname(OPENCODE)}:${process.env.PATH ?? ""}`,
    };
    const project = new ProjectDir(dir);
    const save = async (message: string) => {
      await execa("git", ["add", "-A"], { cwd: dir });
      await execa("git", ["-c", "user.name=P", "-c", "user.email=p@localhost", "commit", "-q", "-m", message], {
        cwd: dir,
      });
    };
    await execa("git", ["init", "-q", "-b", "main"], { cwd: dir });
    for (const [name, text] of Object.entries(checkedProject)) await project.put(name, text);
    await save("start");
    found = await tree(dir);
    bin = await installTarball(await mkdtemp(path.join(home, "tarball-")));
    const ours = (...args: string[]) => execa(bin, args, { cwd: dir, env, extendEnv: false, stdin: "ignore" });

    await ours("install", "--yes", "--base-url", model.baseUrl, "--model", MODEL);
    const working = brain;
    brain = examined;
    const { checks } = JSON.parse((await ours("doctor", "--json")).stdout);
    brain = working;
    expect(checks.filter(({ status }: { status: string }) => status === "fail")).toEqual([]);
    const url = pathToFileURL(path.join(await realpath(path.dirname(bin)), "../lib/node_modules/oh-my-qwencoder")).href;
    expect(JSON.stringify(checks.find(({ name }: { name: string }) => name === "plugin-entry"))).toContain(url);

    await save("use it");
    const run = await execa(OPENCODE, ["run", "--agent", "commander", "autopilot: build both parts"], {
      cwd: dir,
      env,
      extendEnv: false,
      stdin: "ignore",
      timeout: 120_000,
      reject: false,
      all: true,
    });
    expect(run.exitCode, run.all).toBe(0);
    expect(run.stdout).toContain("the final report");
    const state = await project.state();
    expect(state?.phase, JSON.stringify(await project.events())).toBe("done");
    expect(state?.design).toMatchObject({ status: "approved", by: "autopilot" });
    expect(await project.git("log", "--format=%s %an <%ae>", "-1")).toBe("feat: all parts aegis <aegis@localhost>");
    expect(await project.git("status", "--porcelain")).toBe("");
  }, 360_000);

  test("a handoff is gone on with by the line that it says", async () => {
    const env = { ...SHORT_LIVED, ...isolatedEnvironment(process.env, home, "unused"), PATH: `${process.env.PATH}` };
    const options = { cwd: dir, env, extendEnv: false, stdin: "ignore", timeout: 100_000 } as const;
    const words = ["handoff", "--to", "opencode", "--from", "codex", "--task", "Build the board with three columns"];
    const said = await execa(
      process.execPath,
      [path.join(packageDir, "bin/oh-my-qwencoder.js"), ...words, "--json"],
      options,
    );
    const [name, ...argv] = z.object({ headless: z.array(z.string()) }).parse(JSON.parse(said.stdout)).headless;
    expect(name).toBe("opencode");
    const begun: string[] = [];
    const read: string[] = [];
    brain = (turn) => {
      if (turn.role === "title") return say("A board");
      begun.push(turn.userText);
      read.push(...turn.lastToolResults.map(({ text }) => text));
      return turn.lastToolResults.length > 0
        ? say("Scripted: it is gone on with.")
        : call("read", { filePath: path.join(dir, HANDOFF_FILE) });
    };
    const run = await execa(OPENCODE, argv, options);
    expect(run.stdout).toContain("it is gone on with");
    expect(begun[0]).toContain(HANDOFF_FILE);
    expect(read.join()).toMatch(/Switched from Codex to OpenCode[\s\S]*Build the board with three columns/u);
  }, 150_000);

  test("executeViaCLI gives a prompt to it and types what fails", async () => {
    const env = {
      ...SHORT_LIVED,
      ...isolatedEnvironment(process.env, home, "unused"),
      PATH: `${path.dirname(OPENCODE)}:/usr/bin:/bin`,
    };
    const ask = { provider: "opencode", model: `aegis/${MODEL}`, agent: "build", projectDir: dir, env } as const;
    brain = (turn) => say(`You asked: ${turn.userText}`);
    const prompt = '--help;  $(touch pwned) `x` 7 "둘"\n1e3';
    const answered = await executeViaCLI({ ...ask, prompt, timeout: 100_000 });
    expect(answered, JSON.stringify(answered)).toMatchObject({ success: true, exitCode: 0 });
    expect(answered.stdout).toContain(`You asked: ${prompt.replace(" 7", "\t7")}`);
    expect(answered.usage.output).toBeGreaterThan(0);
    brain = () => fail(401, "no such key");
    const refused = await executeViaCLI({ ...ask, prompt: "x", timeout: 100_000 });
    expect(refused.failure, JSON.stringify(refused)).toMatchObject({ kind: "auth" });
  }, 200_000);

  test("--uninstall leaves the tree as it was, but for what the swarm built and its records", async () => {
    await execa(bin, ["install", "--uninstall"], {
      cwd: dir,
      env: { HOME: home, PATH: process.env.PATH ?? "" },
      extendEnv: false,
    });
    const project = new ProjectDir(dir);
    const built = (await project.git("diff", "--name-only", "HEAD~1", "HEAD")).split("\n");
    expect(built).toEqual(["src/left/a.mjs", "src/right/b.mjs"]);
    const left = Object.entries(await tree(dir)).filter(
      ([name]) => !/^(\.aegis|src\/left|src\/right)(\/|$)/.test(name),
    );
    expect(Object.fromEntries(left)).toEqual(found);
    expect(await readdir(path.join(dir, ".aegis"))).not.toContain("install");
  });
});
