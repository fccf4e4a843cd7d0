import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { z } from "zod";
import { findOpencode } from "../../src/cli/demo/environment.ts";
import { checkedProject, opening, type Part, swarmBrain } from "../../tests/e2e/steps.ts";
import { Host, packageDir } from "../../tests/e2e/world.ts";
import { call, say } from "../../vllm/simulator/brain.ts";
import type { RecordedRequest } from "../../vllm/simulator/scriptedServer.ts";
import { finish, machine, progress } from "./report.ts";

/** Bytes; 1 KB is 1,000 bytes. The Commander's is what OpenCode's own build agent sends. */
const LIMITS = { commander: 30_700, worker: 24_000, scout: 12_000, librarian: 12_000 };

const shape = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).default([]),
});

interface Bytes {
  whole: number;
  system: number;
  tools: number;
  toolNames: Record<string, number>;
}

/**
 * The size of each role's first request, beside that of OpenCode's build agent without the plugin, and beside other plugins:
 * `--peer FOLDER`, as often as wanted, names one that npm installed.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { values: options } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean", default: false }, peer: { type: "string", multiple: true, default: [] } },
  });
  const { stdout: version } = await execa(await findOpencode({ PATH: "" }, packageDir), ["--version"]);
  const about = machine(version.trim());
  const roles = await swarmRequests();
  const build = await buildRequest();
  const peers: Record<string, Bytes> = {};
  for (const folder of options.peer) {
    const { name, version: of, entry } = installedPlugin(folder);
    progress(`${name} ${of}`);
    peers[`${name} ${of}`] = await peerRequest(entry);
  }
  const within = Object.fromEntries(
    Object.entries(LIMITS).map(([role, limit]) => [role, (roles[role]?.whole ?? Number.NaN) <= limit]),
  );
  const result = {
    bench: "bytes",
    machine: about,
    roles,
    build,
    peers,
    limits: LIMITS,
    within,
    met: Object.values(within).every(Boolean),
  };
  const row = (name: string, bytes: Bytes | undefined, limit: string) =>
    `${name.padEnd(10)} ${[bytes?.whole, bytes?.system, bytes?.tools].map((n) => String(n).padStart(8)).join("")}${limit}`;
  finish(
    result,
    [
      `${"".padEnd(10)}   whole  system   tools   limit`,
      ...Object.entries(LIMITS).map(([role, limit]) => row(role, roles[role], String(limit).padStart(8))),
      row("build", build, "  (OpenCode's own agent, without the plugin)"),
      ...Object.entries(peers).map(([name, bytes]) => row("peer", bytes, `  (${name}: its default agent)`)),
    ],
    options.json,
  );
}

async function swarmRequests(): Promise<Record<string, Bytes>> {
  const host = await Host.start();
  try {
    const ask = (agent: string) => call("task", { description: "look", prompt: "Where?", subagent_type: agent });
    const failed = call("report_result", { status: "failed", summary: "Scripted: only here to be counted." });
    const parts: Part[] = [
      { name: "one", scope: ["src/one/**"], steps: [ask("scout"), ask("librarian"), failed, say("Over.")] },
    ];
    const project = await host.project(checkedProject);
    const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: enough.")], parts));
    await chat.say("say hi");
    await chat.say("1");
    await project.until("the Worker ended", (swarm) => swarm?.workers[0]?.status === "failed");
    const first = (role: string) => host.requests().find((request) => request.role === role);
    return Object.fromEntries(Object.keys(LIMITS).map((role) => [role, bytesOf(first(role), role)]));
  } finally {
    await host.close();
  }
}

async function buildRequest(): Promise<Bytes> {
  const host = await Host.start({ plugin: false });
  try {
    const project = await host.project(checkedProject);
    const chat = await project.chat(() => say("Hi."), "build");
    await chat.say("say hi");
    return bytesOf(
      host.requests().find(({ sessionId }) => sessionId === chat.session),
      "build",
    );
  } finally {
    await host.close();
  }
}

const manifest = z.looseObject({ name: z.string(), version: z.string(), main: z.string() });

/** What npm installed in a folder. Throws where that is no package with an entry. */
function installedPlugin(folder: string): { name: string; version: string; entry: string } {
  const about = manifest.parse(JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")));
  return { name: about.name, version: about.version, entry: path.resolve(folder, about.main) };
}

/** Another plugin alone, in its default agent: the largest request of the first turn, beside which titles are small. */
async function peerRequest(entry: string): Promise<Bytes> {
  const host = await Host.start({ plugin: [entry] });
  try {
    const project = await host.project(checkedProject);
    const { data, error } = await project.client.session.create({ title: "Scripted test" });
    if (!data) throw new Error(`no session: ${JSON.stringify(error)}`);
    host.teach(data.id, () => say("Hi."));
    await project.client.session.prompt({ sessionID: data.id, parts: [{ type: "text", text: "say hi" }] });
    const sent = host.requests().filter(({ sessionId }) => sessionId === data.id);
    return bytesOf(sent.sort((a, b) => b.bytes - a.bytes).at(0), entry);
  } finally {
    await host.close();
  }
}

function bytesOf(request: RecordedRequest | undefined, who: string): Bytes {
  if (!request) throw new Error(`${who} sent no request`);
  const { messages, tools } = shape.parse(request.body);
  const size = (value: unknown) => Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value));
  const system = messages.filter(({ role }) => role === "system").reduce((sum, { content }) => sum + size(content), 0);
  const toolNames = Object.fromEntries(tools.map((tool) => [tool.function.name, size(tool)]));
  return { whole: request.bytes, system, tools: tools.length === 0 ? 0 : size(tools), toolNames };
}
