import { execa } from "execa";
import { z } from "zod";
import { findOpencode } from "../../src/cli/demo/environment.ts";
import { checkedProject, opening, type Part, swarmBrain } from "../../tests/e2e/steps.ts";
import { Host, packageDir } from "../../tests/e2e/world.ts";
import { call, say } from "../../vllm/simulator/brain.ts";
import type { RecordedRequest } from "../../vllm/simulator/scriptedServer.ts";
import { finish, machine, readArguments } from "./report.ts";

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

/** The size of each role's first request, beside that of OpenCode's build agent without the plugin. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "rounds", fallback: 1 });
  const { stdout: version } = await execa(await findOpencode({ PATH: "" }, packageDir), ["--version"]);
  const about = machine(version.trim());
  const roles = await swarmRequests();
  const build = await buildRequest();
  const within = Object.fromEntries(
    Object.entries(LIMITS).map(([role, limit]) => [role, (roles[role]?.whole ?? Number.NaN) <= limit]),
  );
  const result = {
    bench: "bytes",
    machine: about,
    roles,
    build,
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

function bytesOf(request: RecordedRequest | undefined, who: string): Bytes {
  if (!request) throw new Error(`${who} sent no request`);
  const { messages, tools } = shape.parse(request.body);
  const size = (value: unknown) => Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value));
  const system = messages.filter(({ role }) => role === "system").reduce((sum, { content }) => sum + size(content), 0);
  const toolNames = Object.fromEntries(tools.map((tool) => [tool.function.name, size(tool)]));
  return { whole: request.bytes, system, tools: tools.length === 0 ? 0 : size(tools), toolNames };
}
