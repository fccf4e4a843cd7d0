import { readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { say } from "../../vllm/simulator/brain.ts";
import { checkedProject, swarmBrain } from "./steps.ts";
import { Host, type Project } from "./world.ts";

const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** A real HTTP server that writes down who came; any connection counts. */
class Recorder {
  connections = 0;
  readonly asked: string[] = [];
  private readonly server: Server;

  private constructor(answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string> }) {
    this.server = createServer((request, response) => {
      this.asked.push(`${request.method} ${request.url}`);
      const { status, headers } = answer(request);
      response.writeHead(status, { "content-type": "application/json", ...headers }).end("{}");
    });
    this.server.on("connection", () => {
      this.connections += 1;
    });
  }

  static async open(
    answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string> } = () => ({
      status: 418,
    }),
  ): Promise<Recorder> {
    const recorder = new Recorder(answer);
    await new Promise<void>((resolve) => recorder.server.listen(0, "0.0.0.0", resolve));
    opened.push(recorder);
    return recorder;
  }

  /** This machine by a name that is no loopback one: another host to the rule, reached without any network. */
  get foreign(): string {
    return `http://0.0.0.0:${this.port}/v1`;
  }

  get loopback(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** OpenCode with `change` made to its own configuration. */
async function hostWith(
  change: (config: Record<string, unknown> & { provider: Record<string, unknown> }) => object,
  options: Parameters<typeof Host.start>[0] = {},
): Promise<Host> {
  const host = await Host.start({ catalogue: "some", ...options });
  opened.push(host);
  const file = path.join(host.home, ".config/opencode/opencode.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ provider: {}, ...config, ...change({ provider: {}, ...config }) }));
  return host;
}

const far = (baseURL: string) => ({
  npm: "@ai-sdk/openai-compatible",
  options: { baseURL },
  models: { m: { name: "m", limit: { context: 1000, output: 100 } } },
});
async function ask(project: Project, model?: { providerID: string; modelID: string }): Promise<string> {
  const chat = await project.chat(swarmBrain([say("Scripted: hello.")], []));
  const answer = await project.client.session.prompt({
    sessionID: chat.session,
    agent: "commander",
    ...(model ? { model } : {}),
    parts: [{ type: "text", text: "Build it" }],
  });
  return JSON.stringify(answer.data?.info ?? answer.error);
}

const refusals = async (project: Project) =>
  ((await project.read(".aegis/gate.jsonl")) ?? "").split("\n").filter((line) => line.includes('"refused"'));

/** An OpenCode that loads openai by itself, from a key in the environment; it would come to the recorder. */
const withKey = () => ({ env: { OPENAI_API_KEY: "sk-scripted", OPENAI_BASE_URL: recorder.foreign } });

async function hostedModel(project: Project) {
  const { data } = await project.client.config.providers();
  const openai = data?.providers.find((provider) => provider.id === "openai");
  const modelID = Object.keys(openai?.models ?? {})[0];
  if (modelID === undefined) throw new Error("OpenCode knows no model of openai");
  return { providerID: "openai", modelID };
}

/** Who must not be reached, by nobody of this file but the last test. */
let recorder: Recorder;
let forwards: Recorder;
/** With a provider on another host, which is the small model too, one that sends requests on, and openai by its key. */
let host: Host;
beforeAll(async () => {
  recorder = await Recorder.open();
  forwards = await Recorder.open(({ url }) => ({
    status: 307,
    headers: { location: new URL(url ?? "", recorder.foreign).href },
  }));
  host = await hostWith(
    ({ provider }) => ({
      provider: { ...provider, far: far(recorder.foreign), onward: far(forwards.loopback) },
      // openai not as a provider of the configuration: an entry would pass the gate.
      enabled_providers: ["aegis", "far", "onward", "openai"],
      small_model: "far/m",
    }),
    withKey(),
  );
}, 120_000);

describe("a swarm's prompt reaches no host that is not allowed", () => {
  test("a provider of the configuration on another host", async () => {
    const project = await host.project(checkedProject);
    expect(await ask(project, { providerID: "far", modelID: "m" })).toContain("security.allowHosts");
    expect(await refusals(project)).toHaveLength(1);
    expect(recorder.connections).toBe(0);
  });

  test("an allowed server that sends the request on", async () => {
    const project = await host.project(checkedProject);
    expect(await ask(project, { providerID: "onward", modelID: "m" })).toContain("security.allowHosts");
    expect(forwards.asked).toContain("POST /v1/chat/completions");
    expect(await refusals(project)).toHaveLength(1);
    expect(recorder.connections).toBe(0);
  });

  /** Asks the Commander in a session without a title of its own: OpenCode asks the model for one. */
  async function untitled(on: Host): Promise<void> {
    const project = await on.project(checkedProject);
    const created = await project.client.session.create({ agent: "commander" });
    const session = created.data?.id ?? "";
    on.teach(session, swarmBrain([say("Scripted: hello.")], []));
    await project.client.session.prompt({
      sessionID: session,
      agent: "commander",
      parts: [{ type: "text", text: "Build it" }],
    });
    await expect.poll(() => refusals(project), { timeout: 30_000 }).toHaveLength(1);
    expect((await refusals(project))[0]).toContain('"provider":"far"');
    expect(recorder.connections).toBe(0);
  }

  test("the small model, for a title on another host", () => untitled(host));

  test("an agent's model, for a title on another host", async () => {
    const other = await hostWith(({ provider }) => ({
      provider: { ...provider, far: far(recorder.foreign) },
      enabled_providers: ["aegis", "far"],
      agent: { title: { model: "far/m" } },
    }));
    await untitled(other);
  });
});

describe("a provider that OpenCode loads by itself, from a key in the environment", () => {
  test("is refused to the swarm before anything is sent, by the rule's name", async () => {
    const project = await host.project(checkedProject);
    expect(await ask(project, await hostedModel(project))).toContain("provider-ungated");
    expect(recorder.connections).toBe(0);
  });

  test("would have been reached: the same request without the plugin comes to the recorder", async () => {
    const bare = await hostWith(() => ({ enabled_providers: ["aegis", "openai"] }), {
      ...withKey(),
      plugin: false,
      catalogue: "whole",
    });
    const project = await bare.project(checkedProject);
    const model = await hostedModel(project);
    const created = await project.client.session.create({ title: "Scripted test", agent: "build" });
    await project.client.session.prompt({
      sessionID: created.data?.id ?? "",
      agent: "build",
      model,
      parts: [{ type: "text", text: "hello" }],
    });
    expect(recorder.connections).toBeGreaterThan(0);
  });
});
