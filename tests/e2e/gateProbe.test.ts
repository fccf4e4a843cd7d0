import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GateProbe, probeGate } from "../../src/cli/doctor/gateProbe.ts";
import { say } from "../../vllm/simulator/brain.ts";
import { OPENCODE } from "./opencodeProgram.ts";
import { checkedProject, swarmBrain } from "./steps.ts";
import { Host, type Project } from "./world.ts";

let host: Host;
beforeAll(async () => {
  // A variable that a probe left behind: no test here may see anything of it.
  host = await Host.start({ env: { AEGIS_GATE_PROBE: "leftover-of-a-probe" } });
}, 240_000);
afterAll(() => host.close());

const configFile = () => path.join(host.home, ".config/opencode/opencode.json");
let asInstalled: string;
beforeEach(async () => {
  asInstalled = await readFile(configFile(), "utf8");
});
afterEach(() => writeFile(configFile(), asInstalled));

/** Changes the person's OpenCode configuration for one test. */
async function configure(change: (config: { plugin: unknown[]; provider: Record<string, object> }) => void) {
  const config = JSON.parse(asInstalled);
  change(config);
  await writeFile(configFile(), JSON.stringify(config));
}

/** Another plugin, loaded behind ours, whose config hook does `what` to the options of every provider. */
async function otherPlugin(project: Project, what: string): Promise<string> {
  const file = path.join(project.dir, ".git", "other.mjs");
  await writeFile(
    file,
    `export default { id: "other", server: async () => ({ config: async (config) => {
      for (const provider of Object.values(config.provider ?? {})) { const { options } = provider; ${what} }
    } }) };`,
  );
  return pathToFileURL(file).href;
}

const probe = (project: Project, env: Record<string, string> = {}): Promise<GateProbe> =>
  probeGate(
    {
      program: OPENCODE,
      cwd: project.dir,
      env: { ...host.environment, ...env },
      commander: "commander",
      providers: ["aegis"],
    },
    new AbortController().signal,
  );

describe("the probe of the model gate", { timeout: 240_000 }, () => {
  test("is answered by the gate; no model is asked, the project and its sessions stay as they were", async () => {
    const project = await host.project(checkedProject);
    const asked = host.requests().length;
    expect(await probe(project)).toEqual({ kind: "stands" });
    expect(host.requests().length).toBe(asked);
    expect(existsSync(path.join(project.dir, ".aegis"))).toBe(false);
    expect(await project.git("status", "--porcelain")).toBe("");
    expect((await project.client.session.list()).data).toEqual([]);
  });

  test("says that the plugin is not loaded", async () => {
    await configure((config) => {
      config.plugin = [];
    });
    const project = await host.project(checkedProject);
    expect(await probe(project)).toMatchObject({
      kind: "not-asked",
      reason: expect.stringMatching(/no agent commander/),
    });
  });

  test("sees a request that goes past the gate because another plugin put its own fetch there", async () => {
    const project = await host.project(checkedProject);
    const other = await otherPlugin(project, "options.fetch = (url, init) => fetch(url, init);");
    await configure((config) => config.plugin.push(other));
    const asked = host.requests().length;
    expect(await probe(project)).toEqual({ kind: "passed" });
    expect(host.requests().length).toBe(asked);
  });

  test("takes no other answer for the gate's", async () => {
    const project = await host.project(checkedProject);
    const other = await otherPlugin(
      project,
      `options.fetch = async () => new Response('data: {"choices":[{"index":0,"delta":{"content":"I am the gate"},"finish_reason":"stop"}]}\\n\\ndata: [DONE]\\n\\n', { headers: { "content-type": "text/event-stream" } });`,
    );
    await configure((config) => config.plugin.push(other));
    expect(await probe(project)).toEqual({ kind: "other", answer: "I am the gate" });
  });

  test("stands where another plugin only wraps it", async () => {
    const project = await host.project(checkedProject);
    const other = await otherPlugin(project, "const inner = options.fetch; options.fetch = (...all) => inner(...all);");
    await configure((config) => config.plugin.push(other));
    expect(await probe(project)).toEqual({ kind: "stands" });
  });

  test("its variable alone, in a process that works, puts no words in the model's place", async () => {
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain([say("Scripted: the model itself.")], []));
    await chat.say("Hello");
    const { data } = await project.client.session.messages({ sessionID: chat.session });
    expect(JSON.stringify(data)).toContain("Scripted: the model itself.");
    expect(JSON.stringify(data)).not.toContain("leftover-of-a-probe");
  });
});
