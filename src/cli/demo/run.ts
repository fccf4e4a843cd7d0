import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { type ScriptedServer, startScriptedServer } from "../../../vllm/simulator/scriptedServer.ts";
import { renderFinalReport } from "../../core/workflow/dashboard.ts";
import { messageOf } from "../../ports/thrown.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { packageRoot } from "../packageRoot.ts";
import { type DemoContent, loadDemoContent } from "./content.ts";
import { openConversation } from "./conversation.ts";
import { assertGit, findOpencode, isolatedEnvironment } from "./environment.ts";
import { followSwarm } from "./follow.ts";
import { type RunningServer, startOpencode } from "./opencodeServe.ts";
import { assertEmpty, makeProject, provideTools } from "./project.ts";
import { demoResult } from "./result.ts";
import { demoBrain, demoRequest } from "./scenario.ts";
import { makeScreen, paragraphs, type Screen } from "./screen.ts";
import { demoWords } from "./words.ts";

export interface DemoOptions {
  workers: number;
  /** Where the project goes; a temporary directory where absent. */
  dir?: string;
  keep: boolean;
  json: boolean;
  /** With a model server of one's own nothing is scripted but the person. */
  baseUrl?: string;
  model?: string;
}

const SCRIPTED_MODEL = "scripted-qwen3-coder-next";
/** Milliseconds before the first byte of each scripted answer: enough to see Workers at work, not enough to bore. */
const SCRIPTED_LATENCY_MS = 150;
/** OpenCode takes 3 to 6 s on two idle cores; a cold disk takes longer. */
const START_TIMEOUT_MS = 60_000;
const SCRIPTED_LIMIT_MS = 6 * 60_000;
const MODEL_LIMIT_MS = 60 * 60_000;

/** Runs the demo and prints its result on stdout; progress goes to stderr. Whatever happens, nothing it started stays. */
export async function runDemo(io: Io, options: DemoOptions): Promise<void> {
  const root = packageRoot().dir;
  if (!existsSync(join(root, "dist", "plugin.js"))) {
    throw new CliFailure(`The plugin is not built: ${join(root, "dist", "plugin.js")} is missing.`, {
      next: "Run `npm run build` in the repository (`npm run demo` does it by itself).",
    });
  }
  await assertGit(io.env);
  const opencode = await findOpencode(io.env, root);
  const projectDir = options.dir === undefined ? undefined : resolve(io.cwd, options.dir);
  if (projectDir) await assertEmpty(projectDir);
  const content = await loadDemoContent(join(root, "templates", "demo-project"), options.workers);

  const screen = makeScreen(io);
  const model = await modelServer(options, content, io);
  const base = await mkdtemp(join(tmpdir(), "oh-my-qwencoder-demo-")).catch(async (error: unknown) => {
    await model.close();
    throw error;
  });
  const home = join(base, "home");
  const keptProject = projectDir ?? join(base, "project");
  let server: RunningServer | undefined;
  try {
    screen.line(paint(io, "bold", `oh-my-qwencoder demo · ${options.workers} Workers · model: ${model.label}`));
    const password = randomBytes(24).toString("base64url");
    const env = isolatedEnvironment(io.env, home, password);
    await mkdir(home, { recursive: true });
    await makeProject(keptProject, content, env);
    await provideTools(keptProject, { packageDir: root, content, scratchDir: join(base, "tools"), signal: io.signal });
    await installInto({
      root,
      projectDir: keptProject,
      env,
      baseUrl: model.baseUrl,
      model: model.id,
      signal: io.signal,
    });
    screen.line(paint(io, "dim", `project: ${keptProject}`));
    server = await startOpencode({
      program: opencode,
      cwd: keptProject,
      env,
      startTimeoutMs: START_TIMEOUT_MS,
      signal: io.signal,
    });
    const began = Date.now();
    const swarm = await converse({ io, options, screen, content, server, password, projectDir: keptProject });
    const head = await execa("git", ["rev-parse", "HEAD"], { cwd: keptProject, env, extendEnv: false });
    const result = demoResult(swarm, model.label, Date.now() - began);
    if (head.stdout.trim() !== result.commit) {
      throw new CliFailure(
        `The swarm's log names commit ${result.commit}, and the repository is at ${head.stdout.trim()}.`,
      );
    }
    screen.end();
    const stays = options.keep || projectDir !== undefined;
    if (options.json) writeJson(io, { ...result, ...(stays ? { project: keptProject } : {}) });
    else {
      io.stdout.write(
        `\n${paragraphs(renderFinalReport(swarm, Date.now(), io.lang), io.columns)}\n\n${say(io.lang, "demo.model", { model: model.label, isolation: result.isolation })}\n`,
      );
      if (stays) io.stdout.write(`${say(io.lang, "demo.project", { dir: keptProject })}\n`);
    }
  } catch (error) {
    screen.end();
    io.signal.throwIfAborted();
    throw explained(error, server, options.keep ? base : undefined);
  } finally {
    await server?.stop();
    await model.close();
    if (!options.keep) await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface ModelServer {
  baseUrl: string;
  id: string;
  /** What the result calls it. */
  label: string;
  close(): Promise<void>;
}

/** The scripted model, or the person's own server with the model it names first. */
async function modelServer(options: DemoOptions, content: DemoContent, io: Io): Promise<ModelServer> {
  if (options.baseUrl !== undefined) {
    const id = options.model ?? (await firstModel(options.baseUrl));
    return { baseUrl: options.baseUrl, id, label: id, close: async () => undefined };
  }
  const id = options.model ?? SCRIPTED_MODEL;
  const brain = demoBrain(content, io.lang);
  const scripted: ScriptedServer = await startScriptedServer({ brain, modelId: id, latencyMs: SCRIPTED_LATENCY_MS });
  return { baseUrl: scripted.baseUrl, id, label: `scripted (no real model): ${id}`, close: scripted.close };
}

async function firstModel(baseUrl: string): Promise<string> {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({ baseURL: baseUrl, apiKey: "none", timeout: 10_000, maxRetries: 0 });
  try {
    const listed = await client.models.list();
    const id = listed.data[0]?.id;
    if (id !== undefined) return id;
  } catch (error) {
    const reason = messageOf(error);
    throw new CliFailure(`${baseUrl} did not say which models it has: ${reason}`, {
      next: "Start the model server, or leave out --base-url for the scripted model.",
    });
  }
  throw new CliFailure(`${baseUrl} serves no model.`, { next: "Name one with --model." });
}

/** Runs this package's own `install` for the isolated user, as a person would for themselves. */
async function installInto(options: {
  root: string;
  projectDir: string;
  env: Record<string, string>;
  baseUrl: string;
  model: string;
  signal: AbortSignal;
}): Promise<void> {
  const program = join(options.root, "bin", "oh-my-qwencoder.js");
  const ran = await execa(
    process.execPath,
    [program, "install", "--global", "--yes", "--base-url", options.baseUrl, "--model", options.model],
    {
      cwd: options.projectDir,
      env: options.env,
      extendEnv: false,
      reject: false,
      all: true,
      timeout: 60_000,
      cancelSignal: options.signal,
    },
  );
  options.signal.throwIfAborted();
  if (ran.exitCode !== 0)
    throw new CliFailure(`\`install\` failed in the demo's home:\n${ran.all || ran.shortMessage}`);
}

async function converse(input: {
  io: Io;
  options: DemoOptions;
  screen: Screen;
  content: DemoContent;
  server: RunningServer;
  password: string;
  projectDir: string;
}) {
  const { io, options, screen, content, server } = input;
  const conversation = await openConversation({
    url: server.url,
    password: input.password,
    projectDir: input.projectDir,
    agent: "commander",
    signal: io.signal,
  });
  const request = demoRequest(content, io.lang);
  screen.line(`${paint(io, "bold", `${say(io.lang, "demo.person")}:`)} ${request}`);
  await conversation.say(request);
  return await followSwarm({
    io,
    screen,
    conversation,
    stateDir: join(input.projectDir, ".aegis"),
    yes: demoWords(io.lang).yes,
    timeLimitMs: options.baseUrl === undefined ? SCRIPTED_LIMIT_MS : MODEL_LIMIT_MS,
    serverEnded: server.ended,
  });
}

/** Adds what OpenCode last wrote and the way to look closer. */
function explained(error: unknown, server: RunningServer | undefined, kept: string | undefined): CliFailure {
  const message = messageOf(error);
  const tail = server?.tail() ?? "";
  const next =
    kept === undefined ? "Run the demo again with --keep to look at the project and the logs." : `Look at ${kept}.`;
  const own = error instanceof CliFailure ? error.next : undefined;
  return new CliFailure(tail === "" ? message : `${message}\nOpenCode's last words:\n${tail}`, { next: own ?? next });
}
