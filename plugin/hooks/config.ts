import type { Config } from "@opencode-ai/plugin";
import { coveredByPrefix, mcpPrefix } from "../../src/core/mcpNames.ts";
import type { Role } from "../../src/core/roles.ts";
import { ALL_SWARM_TOOLS, ROLES } from "../../src/core/roles.ts";
import { roleDefinitions } from "../agents.ts";
import { wrapperFor } from "../shellWrapper.ts";
import { specialistAgents } from "../specialists.ts";
import { commandsBeside } from "./commands.ts";

export interface ConfigChange {
  /**
   * Agent name of each role. Changed in place where another agent has such a name already, the Commander's excepted: this
   * hook runs before any session exists, and everybody else reads the same record afterwards.
   */
  agents: Record<Role, string>;
  /** Model of every role, as "provider/model"; the host's own default without it. */
  model?: string | undefined;
  /** Whether the specialists are added; a name the person has already keeps its agent. */
  specialists?: boolean | undefined;
  /** Nobody watches: whole sessions are given to specialists, which OpenCode allows no subagent. */
  unattended?: boolean | undefined;
  /** Whether OpenCode's own agent may start jobs. */
  jobs?: boolean | undefined;
  /** Names of the MCP servers each role may use; none without it. */
  mcp?: Readonly<Record<Role, readonly string[]>> | undefined;
}

/** OpenCode accepts keys that its published type does not list; only what is set here is described. */
interface LooseConfig {
  shell?: string;
  snapshot?: boolean;
  permission?: unknown;
  subagent_depth?: number;
  mcp?: Record<string, unknown>;
  agent?: Record<string, unknown>;
  command?: Record<string, unknown>;
}

/**
 * Adds the roles, their commands and the shell to OpenCode's configuration, such that agents that are not ours send the
 * same requests as without the plugin: our tools and roles are denied at the top, and allowed in our agents only.
 */
export function applyConfig(target: Config, change: ConfigChange): void {
  const config = target as LooseConfig;
  const { agents, model } = change;
  const definitions = roleDefinitions();
  const agent: Record<string, unknown> = { ...config.agent };
  // The Commander is chosen by its name, and the gates hang on that choice: what a cloned repository calls so is replaced.
  for (const role of ROLES) {
    if (role !== "commander") agents[role] = nameBeside(agent, role, agents, definitions[role].prompt);
  }
  for (const role of ROLES) {
    const definition = definitions[role];
    const mcp = mcpRules(change.mcp?.[role] ?? [], Object.keys(config.mcp ?? {}));
    const permission = { ...withRoleNames(definition.permission, agents), ...mcp };
    agent[agents[role]] = { ...definition, permission, ...(model === undefined ? {} : { model }) };
  }
  if (change.specialists) {
    const mode = change.unattended ? "all" : "subagent";
    for (const [name, definition] of Object.entries(specialistAgents(mode))) agent[name] ??= definition;
  }
  if (change.jobs && !change.unattended) agent.build = withJobs(asObject(agent.build));
  config.agent = agent;
  config.command = commandsBeside(config.command ?? {}, agents.commander);
  config.permission = withDenies(config.permission, agents);
  config.shell = wrapperFor(config.shell ?? process.env.SHELL);
  // Snapshots cost 4 to 6 times the work of a swarm's writes; the baseline commit is the way back. A user's true stays.
  config.snapshot ??= false;
  // Commander, Worker, Scout: with the host's default of 1 a Worker can start no helper. Agents without an explicit
  // permission for `task` start none at any depth.
  config.subagent_depth = Math.max(config.subagent_depth ?? 1, 2);
}

/** The role's name, or another one where the configuration holds an agent by that name that is not ours. */
function nameBeside(
  present: Readonly<Record<string, unknown>>,
  role: Role,
  agents: Readonly<Record<Role, string>>,
  prompt: string,
): string {
  const others = ROLES.filter((other) => other !== role).map((other) => agents[other]);
  const isFree = (name: string) =>
    !others.includes(name) && (present[name] === undefined || asObject(present[name]).prompt === prompt);
  let name = agents[role];
  for (let n = 1; !isFree(name); n += 1) name = n === 1 ? `aegis-${role}` : `aegis-${role}-${n}`;
  return name;
}

/** A server's tools are called by its name: what the pattern of an allowed one covers beside its own is denied behind it. */
function mcpRules(allowed: readonly string[], configured: readonly string[]): Record<string, "allow" | "deny"> {
  const rule = (action: "allow" | "deny") => (name: string) => [`${mcpPrefix(name)}*`, action] as const;
  return Object.fromEntries([...allowed.map(rule("allow")), ...coveredByPrefix(allowed, configured).map(rule("deny"))]);
}

function withRoleNames(permission: Record<string, unknown>, agents: Readonly<Record<Role, string>>) {
  const task = permission.task;
  if (typeof task !== "object" || task === null) return permission;
  const named = Object.entries(task).map(([name, action]) => [
    ROLES.includes(name as Role) ? agents[name as Role] : name,
    action,
  ]);
  return { ...permission, task: Object.fromEntries(named) };
}

/** The user's top-level permission with our names denied behind it: the last match wins. */
function withDenies(permission: unknown, agents: Readonly<Record<Role, string>>): Record<string, unknown> {
  const own = typeof permission === "string" ? { "*": permission } : asObject(permission);
  const task = typeof own.task === "string" ? { "*": own.task } : asObject(own.task);
  const hidden = ROLES.filter((role) => role !== "commander").map((role) => [agents[role], "deny"]);
  return {
    ...own,
    task: { ...task, ...Object.fromEntries(hidden) },
    ...Object.fromEntries(ALL_SWARM_TOOLS.map((tool) => [tool, "deny"])),
  };
}

/** Starting a job in the background is asked about; what the person's own agent says of the tools stays. */
function withJobs(build: Record<string, unknown>): Record<string, unknown> {
  const own = typeof build.permission === "string" ? { "*": build.permission } : asObject(build.permission);
  return { ...build, permission: { start_job: "ask", job_status: "allow", ...own } };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
