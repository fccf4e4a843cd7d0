import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2";
import { execa } from "execa";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import { isolatedEnvironment } from "../../src/cli/demo/environment.ts";
import { type RunningServer, startOpencode } from "../../src/cli/demo/opencodeServe.ts";
import { provisionFiles } from "../../src/cli/install/planFiles.ts";
import { runInstall } from "../../src/cli/install/run.ts";
import type { SwarmEvent } from "../../src/core/workflow/events.ts";
import { fold } from "../../src/core/workflow/evolve.ts";
import type { SwarmState } from "../../src/core/workflow/state.ts";
import type { Brain, Reply, Turn } from "../../vllm/simulator/brain.ts";
import type { RecordedRequest, ScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import type { ForeignSurface } from "../../vllm/simulator/surfaceError.ts";
import { startSurfaceServer } from "../../vllm/simulator/surfaceServer.ts";
import { recordIo } from "../cli/io.ts";
import { OPENCODE, SHORT_LIVED } from "./opencodeProgram.ts";

export const packageDir = fileURLToPath(new URL("../..", import.meta.url));
export const MODEL = "scripted-qwen3-coder-next";

/** Three models of OpenCode's own list, as it brings them. */
const HOSTED = path.join(packageDir, "tests/fixtures/opencode/hosted-models.json");

/** A tool call as the session's history shows it. `text` is the output, or the error the model was given. */
export interface ToolPart {
  tool: string;
  status: string;
  text: string;
  input: Record<string, unknown>;
}

/** A further provider of OpenCode's. */
export interface FurtherProvider {
  id: string;
  modelId: string;
  /** All its models' ids, where it has several. */
  models?: readonly string[];
  /** The API it speaks, by the SDK that OpenCode brings for it; without it that of the installed provider. */
  surface?: ForeignSurface;
  /** A reply in place of the script's; undefined leaves it. */
  instead(turn: Turn): Reply | undefined;
  /** Headers of its answers; only with a surface. */
  headers?(): Readonly<Record<string, string>>;
}

/** One real `opencode serve` with the built plugin, an isolated home, and a scripted model server. Shared by a file's tests. */
export class Host {
  readonly home: string;
  model: ScriptedServer;
  /** The servers of further providers, by the provider's name. */
  readonly further: ReadonlyMap<string, ScriptedServer>;
  private readonly brains: Map<string, Brain>;
  private readonly password: string;
  private readonly env: Record<string, string>;
  private server: RunningServer;
  private readonly projects: string[] = [];
  /** Whether the home and the model server are another host's. */
  private readonly guest: boolean;

  private constructor(parts: {
    home: string;
    model: ScriptedServer;
    brains: Map<string, Brain>;
    password: string;
    env: Record<string, string>;
    server: RunningServer;
    guest?: boolean;
    further?: ReadonlyMap<string, ScriptedServer>;
  }) {
    this.further = parts.further ?? new Map();
    this.guest = parts.guest ?? false;
    this.home = parts.home;
    this.model = parts.model;
    this.brains = parts.brains;
    this.password = parts.password;
    this.env = parts.env;
    this.server = parts.server;
  }

  /**
   * @param options.settings the user's aegis.jsonc, for instance `{swarm: {sandbox: "off"}}`.
   * @param options.env added to OpenCode's environment.
   * @param options.plugin false leaves the plugin out: OpenCode as it comes; paths put other plugins in its place.
   * @param options.maxModelLen tokens of the longest prompt the scripted server takes.
   * @param options.latencyMs before the first byte of every completion.
   * @param options.catalogue with hosted models, which an install switches off: OpenCode's whole own list, or three of it.
   * The whole one costs OpenCode a second of work in every project.
   * @param options.further more providers of OpenCode's, each with a scripted server of its own and the same scripts;
   * `answers` may put another reply in place of the script's.
   */
  static async start(
    options: {
      settings?: object;
      env?: Record<string, string>;
      plugin?: boolean | readonly string[];
      latencyMs?: number;
      catalogue?: "whole" | "some";
      further?: readonly FurtherProvider[];
      maxModelLen?: number;
    } = {},
  ): Promise<Host> {
    if (!existsSync(path.join(packageDir, "dist/plugin.js")))
      throw new Error("dist/ is missing: run `npm run build` first.");
    const home = await mkdtemp(path.join(tmpdir(), "aegis-e2e-home-"));
    const brains = new Map<string, Brain>();
    const model = await startScriptedServer({
      modelId: MODEL,
      brain: routed(brains),
      latencyMs: options.latencyMs ?? 0,
      ...(options.maxModelLen === undefined ? {} : { maxModelLen: options.maxModelLen }),
    });
    const password = randomBytes(12).toString("hex");
    const none = isolatedEnvironment(process.env, home, password);
    const { OPENCODE_MODELS_PATH: _installed, ...whole } = none;
    const catalogues = { none, whole, some: { ...whole, OPENCODE_MODELS_PATH: HOSTED } };
    const env = { ...SHORT_LIVED, ...catalogues[options.catalogue ?? "none"], ...options.env };
    await install(home, env, model.baseUrl, options.plugin ?? true, options.settings);
    const further = new Map<string, ScriptedServer>();
    for (const one of options.further ?? []) {
      const script = routed(brains);
      const { id, modelId, surface, headers } = one;
      const brain: Brain = (turn) => one.instead(turn) ?? script(turn);
      const server = await (surface
        ? startSurfaceServer({ surface, modelId, brain, ...(headers ? { headers } : {}) })
        : startScriptedServer({ modelId, brain }));
      further.set(id, server);
      await addProvider(home, one, server.baseUrl);
    }
    const host = new Host({ home, model, brains, password, env, server: await serve(home, env), further });
    return host;
  }

  get url(): string {
    return this.server.url;
  }

  get environment(): Record<string, string> {
    return this.env;
  }

  /** Last lines OpenCode wrote; for a failing test's message. */
  tail(): string {
    return this.server.tail();
  }

  /** A git project with one commit. */
  async project(files: Record<string, string> = {}): Promise<Project> {
    const dir = await mkdtemp(path.join(tmpdir(), "aegis-e2e-project-"));
    this.projects.push(dir);
    await execa("git", ["init", "-q", "-b", "main"], { cwd: dir });
    await execa("git", ["config", "user.name", "Person"], { cwd: dir });
    await execa("git", ["config", "user.email", "person@localhost"], { cwd: dir });
    const all = { "README.md": "# Project\n", ".gitignore": ".aegis/\n", ...files };
    for (const [name, text] of Object.entries(all)) await put(dir, name, text);
    if (Object.keys(files).some((name) => name.startsWith(".opencode/"))) await settle(dir);
    await execa("git", ["add", "-A"], { cwd: dir });
    await execa("git", ["commit", "-q", "-m", "start"], { cwd: dir });
    return new Project(this, dir);
  }

  client(directory: string): OpencodeClient {
    return createOpencodeClient({
      baseUrl: this.server.url,
      directory,
      headers: { authorization: `Basic ${Buffer.from(`opencode:${this.password}`).toString("base64")}` },
    });
  }

  /** Gives a session (and all below it) its script. */
  teach(session: string, brain: Brain): void {
    this.brains.set(session, brain);
  }

  requests(): readonly RecordedRequest[] {
    return this.model.requests();
  }

  /** Ends OpenCode as a crash would and starts it again on the same home. */
  async crash(): Promise<void> {
    await this.kill();
    await this.revive();
  }

  /** Ends OpenCode as a crash would. */
  async kill(): Promise<void> {
    process.kill(await this.pid(), "SIGKILL");
    await this.server.ended;
  }

  /** Starts OpenCode again on the same home. */
  async revive(): Promise<void> {
    this.server = await serve(this.home, this.env);
  }

  /** A second OpenCode process of the same person: the same home, the same model server. */
  async twin(): Promise<Host> {
    const { home, model, brains, password, env } = this;
    return new Host({ home, model, brains, password, env, server: await serve(home, env), guest: true });
  }

  /** Cuts every answer and frees the model server's port, as its end would. */
  async stopModel(): Promise<void> {
    await this.model.close();
  }

  /** Starts the model server again where it was. */
  async startModel(): Promise<void> {
    const port = Number(new URL(this.model.baseUrl).port);
    this.model = await startScriptedServer({ modelId: MODEL, brain: routed(this.brains), port });
  }

  async pid(): Promise<number> {
    const port = new URL(this.server.url).port;
    const { stdout } = await execa("bash", [
      "-c",
      `ss -ltnpH "sport = :${port}" | grep -o 'pid=[0-9]*' | head -1 | cut -d= -f2`,
    ]);
    return Number(stdout.trim());
  }

  async close(): Promise<void> {
    await this.server.stop();
    if (this.guest) return;
    await this.model.close();
    for (const server of this.further.values()) await server.close();
    for (const dir of [this.home, ...this.projects]) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A project's directory: its files, its repository, its swarm's log. */
export class ProjectDir {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  async events(): Promise<readonly SwarmEvent[]> {
    const logs = new FileEventLogs(path.join(this.dir, ".aegis"));
    const newest = (await logs.list()).at(-1);
    return newest === undefined ? [] : logs.read(newest);
  }

  async state(): Promise<SwarmState> {
    return fold(await this.events());
  }

  async read(file: string): Promise<string | undefined> {
    const full = path.join(this.dir, file);
    return existsSync(full) ? readFile(full, "utf8") : undefined;
  }

  async put(file: string, text: string): Promise<void> {
    await put(this.dir, file, text);
  }

  async git(...args: string[]): Promise<string> {
    return (await execa("git", args, { cwd: this.dir })).stdout;
  }
}

/** One git project on a host. */
export class Project extends ProjectDir {
  readonly host: Host;

  constructor(host: Host, dir: string) {
    super(dir);
    this.host = host;
  }

  get client(): OpencodeClient {
    return this.host.client(this.dir);
  }

  /** The same directory, served by another host. */
  on(host: Host): Project {
    return new Project(host, this.dir);
  }

  /** A new session; `brain` plays every role in it. */
  async chat(brain: Brain, agent = "commander"): Promise<Chat> {
    const created = await this.client.session.create({ title: "Scripted test", agent });
    if (!created.data) throw new Error(`no session: ${JSON.stringify(created.error)}\n${this.host.tail()}`);
    this.host.teach(created.data.id, brain);
    return new Chat(this, created.data.id, agent);
  }

  async until(what: string, holds: (state: SwarmState) => boolean, limitMs = 60_000): Promise<NonNullable<SwarmState>> {
    const end = Date.now() + limitMs;
    for (;;) {
      const state = await this.state();
      if (state && holds(state)) return state;
      if (Date.now() > end) {
        const log = await this.read(".aegis/plugin.log");
        throw new Error(
          `not reached in ${limitMs} ms: ${what}\n${JSON.stringify(state, null, 1)}\n${log ?? ""}\n${this.host.tail()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Tool calls of one session, oldest first. */
  async tools(session: string): Promise<ToolPart[]> {
    const listed = await this.client.session.messages({ sessionID: session });
    return (listed.data ?? []).flatMap(({ parts }) =>
      parts.flatMap((part): ToolPart[] => {
        if (part.type !== "tool") return [];
        const { state } = part;
        const text = state.status === "completed" ? state.output : state.status === "error" ? state.error : "";
        return [{ tool: part.tool, status: state.status, text, input: state.input }];
      }),
    );
  }

  /** Sessions whose parent is `session`, oldest first. */
  async children(session: string): Promise<{ id: string; title: string }[]> {
    const listed = await this.client.session.children({ sessionID: session });
    return (listed.data ?? []).map(({ id, title }) => ({ id, title }));
  }
}

/** A person's chat with an agent. */
export class Chat {
  readonly session: string;
  private readonly project: Project;
  private readonly agent: string;

  constructor(project: Project, session: string, agent: string) {
    this.project = project;
    this.session = session;
    this.agent = agent;
  }

  /** The same chat, in the project as another host serves it. */
  on(project: Project): Chat {
    return new Chat(project, this.session, this.agent);
  }

  /** Types a message and waits for the end of the turn it starts. */
  async say(text: string, limitMs = 90_000): Promise<void> {
    const sent = await this.project.client.session.prompt(
      { sessionID: this.session, agent: this.agent, parts: [{ type: "text", text }] },
      { signal: AbortSignal.timeout(limitMs) },
    );
    if (sent.error)
      throw new Error(`the message was not taken: ${JSON.stringify(sent.error)}\n${this.project.host.tail()}`);
  }

  /** Types a message and does not wait. */
  async mutter(text: string): Promise<void> {
    await this.project.client.session.promptAsync({
      sessionID: this.session,
      agent: this.agent,
      parts: [{ type: "text", text }],
    });
  }

  async abort(): Promise<void> {
    await this.project.client.session.abort({ sessionID: this.session });
  }

  async command(command: string, args: string): Promise<void> {
    await this.project.client.session.command({ sessionID: this.session, command, arguments: args, agent: this.agent });
  }

  /** What the agent's calls of `tool` gave, oldest first. The swarm's log is ahead of the session's history: a call that
   * still runs is waited for. */
  async results(tool: string, limitMs = 30_000): Promise<string[]> {
    const end = Date.now() + limitMs;
    for (;;) {
      const parts = (await this.project.tools(this.session)).filter((part) => part.tool === tool);
      if (parts.every(({ status }) => status === "completed" || status === "error")) {
        return parts.map((part) => part.text);
      }
      if (Date.now() > end)
        throw new Error(`a call of ${tool} still runs after ${limitMs} ms\n${this.project.host.tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async tools(): Promise<ToolPart[]> {
    return this.project.tools(this.session);
  }
}

/** Finds a session's script through its ancestors: a Worker plays by its Commander's. */
function routed(brains: Map<string, Brain>): Brain {
  return (turn: Turn) => {
    const brain = brains.get(turn.sessionId) ?? brains.get(turn.parentSessionId);
    if (!brain) return { text: turn.role === "title" ? "Scripted" : "Scripted: nobody taught this session." };
    brains.set(turn.sessionId, brain);
    return brain(turn);
  };
}

async function install(
  home: string,
  env: Record<string, string>,
  baseUrl: string,
  plugin: boolean | readonly string[],
  settings: object | undefined,
) {
  const config = path.join(home, ".config");
  await mkdir(path.join(config, "opencode"), { recursive: true });
  const { io, err } = recordIo({ cwd: home, env });
  const options = { global: true, yes: true, baseUrl, model: MODEL };
  await runInstall(io, options, { packageDir }).catch((error: unknown) => {
    throw new Error(`install failed: ${err()}`, { cause: error });
  });
  if (plugin !== true) {
    const file = path.join(config, "opencode/opencode.json");
    const { plugin: _ours, ...rest } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...rest, plugin: plugin || [] }));
  }
  if (settings) {
    await mkdir(path.join(config, "oh-my-qwencoder"), { recursive: true });
    await writeFile(path.join(config, "oh-my-qwencoder/aegis.jsonc"), JSON.stringify(settings));
  }
}

/** What OpenCode itself loads for each API. */
const SDKS = {
  openai: "@ai-sdk/openai",
  anthropic: "@ai-sdk/anthropic",
  gemini: "@ai-sdk/google",
} as const satisfies Record<ForeignSurface, string>;

/** Adds a provider beside the installed one, as a person would who has several. */
async function addProvider(
  home: string,
  { id, modelId, surface, models = [modelId] }: FurtherProvider,
  baseURL: string,
): Promise<void> {
  const file = path.join(home, ".config/opencode/opencode.json");
  const config = JSON.parse(await readFile(file, "utf8")) as {
    provider: Record<string, { models: object }>;
    enabled_providers?: string[];
  };
  const [installed] = Object.values(config.provider);
  if (!installed) throw new Error(`${file} has no provider`);
  const [model] = Object.values(installed.models);
  const options = { baseURL, apiKey: "scripted" };
  const named = Object.fromEntries(models.map((each) => [each, { ...model, name: each }]));
  const sdk = surface === undefined ? {} : { npm: SDKS[surface] };
  const added = { ...installed, ...sdk, name: id, options, models: named };
  const enabled_providers = [...(config.enabled_providers ?? Object.keys(config.provider)), id];
  await writeFile(
    file,
    JSON.stringify({ ...config, enabled_providers, provider: { ...config.provider, [id]: added } }),
  );
}

async function serve(home: string, env: Record<string, string>): Promise<RunningServer> {
  return startOpencode({
    program: OPENCODE,
    cwd: home,
    env,
    startTimeoutMs: 60_000,
    signal: new AbortController().signal,
  });
}

/** A `.opencode` in which OpenCode finds its plugin package: else npm asks for it first, and the project waits ten seconds. */
export async function settle(dir: string): Promise<void> {
  for (const { path: file, after } of provisionFiles(path.join(dir, ".opencode"))) await put("", file, after);
}

async function put(dir: string, name: string, text: string): Promise<void> {
  const file = path.join(dir, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}
