import { pathToFileURL } from "node:url";
import type { Config } from "@opencode-ai/plugin";
import { z } from "zod";
import { judgeHostConfig } from "../../src/core/gate/hostConfig.ts";
import { UNREADABLE_CALL } from "../../src/core/roles.ts";
import type { Refusal } from "../../src/core/workflow/refusal.ts";
import { refusal } from "../../src/core/workflow/refusal.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { GateConfig } from "../compose.ts";
import { SHELL_WRAPPER } from "../shellWrapper.ts";
import { repositoryServers } from "./repositoryMcp.ts";
import { repositoryTools } from "./repositoryTools.ts";

const textRecord = z.record(z.string(), z.string());

interface LooseConfig {
  mcp?: Record<string, unknown>;
  provider?: Record<string, { options?: { baseURL?: unknown } } | undefined>;
}

/** Tools that change nothing and start nothing: they stay, so that the person can be told what is wrong. */
const HARMLESS: readonly string[] = [
  "read",
  "glob",
  "grep",
  "question",
  "worker_status",
  "read_worker",
  "cancel_worker",
  UNREADABLE_CALL,
];

/**
 * Judges the host's configuration as it is after our own entries, and puts local MCP servers that a role may use or that the
 * repository brings into the sandbox: no network, nothing writable. The host reads its configuration at start and again
 * after every change of it.
 *
 * @param directory where the host was opened
 */
export async function takeHostConfig(
  config: Config,
  services: SwarmServices,
  gate: Pick<GateConfig, "egressAll" | "unsandboxed">,
  allowHosts: readonly string[],
  directory: string,
): Promise<void> {
  const judged = judgeHostConfig(config, {
    allowHosts,
    egressAll: gate.egressAll,
    unsandboxed: gate.unsandboxed,
    agents: services.agents,
    projectUrl: pathToFileURL(services.projectDir).href,
    ownUrl: import.meta.url,
  });
  const tools = gate.unsandboxed.includes("plugin") ? [] : repositoryTools(directory, services.projectDir);
  services.hostConfig.findings = [...judged, ...tools];
  for (const { entry, what } of services.hostConfig.findings) services.log(`no swarm may start: ${entry} ${what}`);
  const target = config as LooseConfig;
  services.hostConfig.mcpServers = Object.keys(target.mcp ?? {});
  services.hostConfig.servers = Object.fromEntries(
    Object.entries(target.provider ?? {}).flatMap(([name, provider]): [string, string][] => {
      const url = provider?.options?.baseURL;
      return typeof url === "string" ? [[name, url]] : [];
    }),
  );
  const allowed = new Set(Object.values(services.settings.allowedMcp).flat());
  // Started with the host, used or not: without this a cloned repository's server would run with the person's rights.
  const brought = gate.unsandboxed.includes("mcp")
    ? new Set<string>()
    : repositoryServers(directory, services.projectDir);
  for (const [name, server] of Object.entries(target.mcp ?? {})) {
    if (!allowed.has(name) && brought !== "all" && !brought.has(name)) continue;
    const confined = await sandboxed(name, server, services).catch((error: unknown) => {
      services.log(`the MCP server ${name} is not started: it cannot be put into the sandbox`, error);
      return { ...Object(server), enabled: false };
    });
    if (target.mcp) target.mcp = { ...target.mcp, [name]: confined };
  }
}

async function sandboxed(name: string, server: unknown, services: SwarmServices): Promise<unknown> {
  if (typeof server !== "object" || server === null || !("command" in server) || !Array.isArray(server.command)) {
    return server;
  }
  const environment = textRecord.parse("environment" in server ? (server.environment ?? {}) : {});
  const prepared = await services.sandbox.prepare({
    role: "scout",
    projectDir: services.projectDir,
    scope: [],
    env: environment,
    lasting: true,
    privateId: `mcp-${name}`,
  });
  return {
    ...server,
    command: [SHELL_WRAPPER, "-c", 'exec "$@"', "bash", ...server.command],
    environment: prepared.env,
  };
}

/** Refuses what would start or change anything while the host's configuration could let something out. */
export function judgeHost(services: Pick<SwarmServices, "hostConfig">, tool: string): Refusal | undefined {
  const { findings } = services.hostConfig;
  if (HARMLESS.includes(tool) || findings?.length === 0) return undefined;
  if (findings === undefined) {
    return refusal(
      "host-config",
      "OpenCode's configuration was not read, so nothing says where requests would go.",
      "tell the person: restart OpenCode, and see .aegis/plugin.log.",
    );
  }
  const list = findings.map(({ entry, what }) => `${entry} ${what}`).join("; ");
  const mends = [...new Set(findings.map(({ entry, mend }) => `${entry}: ${mend}`))].join("; ");
  return refusal(
    "host-config",
    `no swarm runs with this OpenCode configuration: ${list}.`,
    `tell the person, whose decision it is: ${mends}. Then restart OpenCode.`,
  );
}
