import { isAllowedMcpTool } from "./mcpNames.ts";

/** The four roles of a swarm and what each may call. The lists are constant: a role's offer never varies with the phase. */
export type Role = "commander" | "worker" | "scout" | "librarian";

export const ROLES: readonly Role[] = ["commander", "worker", "scout", "librarian"];

/** Tools this product adds, by the role they are offered to. */
export const SWARM_TOOLS = {
  commander: [
    "propose_design",
    "approve_design",
    "skip_design",
    "complete_foundation",
    "dispatch_workers",
    "worker_status",
    "await_workers",
    "read_worker",
    "retry_worker",
    "cancel_worker",
    "check_conflicts",
    "run_qa",
    "commit_changes",
  ],
  worker: ["report_result"],
} as const;

/**
 * Tools about background jobs. No role of a swarm has them: a job does its work outside the gates and scopes. They are for
 * chats with OpenCode's own agent, and for those that a person gives them to.
 */
export const JOB_TOOLS = ["start_job", "job_status"] as const;

export const ALL_SWARM_TOOLS: readonly string[] = [...SWARM_TOOLS.commander, ...SWARM_TOOLS.worker, ...JOB_TOOLS];

const READING = ["read", "glob", "grep"];
const WRITING = ["edit", "write", "apply_patch"];

/** OpenCode's own tools that a role may call; anything else, MCP tools included, is refused unless configuration names it. */
export const HOST_TOOLS: Readonly<Record<Role, readonly string[]>> = {
  commander: [...READING, ...WRITING, "bash", "task", "question"],
  worker: [...READING, ...WRITING, "bash", "task"],
  scout: READING,
  librarian: READING,
};

/**
 * What OpenCode puts in the place of a call it cannot read: it is offered to nobody, does nothing, and answers with what is
 * wrong. A role that may not call it is told that there is no such tool, and nothing of its mistake.
 */
export const UNREADABLE_CALL = "invalid";

/** Tools whose arguments name files to be written. */
export const WRITE_TOOLS: readonly string[] = WRITING;

/** Sub-agents a role may start with OpenCode's `task` tool. */
export const HELPERS: readonly Role[] = ["scout", "librarian"];

/**
 * True where `tool` belongs to `role`'s constant list, or to an MCP server that the role may use.
 *
 * @param mcpServers names of all MCP servers the host has
 */
export function mayCall(
  role: Role,
  tool: string,
  allowedMcp: readonly string[],
  mcpServers: readonly string[] = [],
): boolean {
  if (HOST_TOOLS[role].includes(tool) || tool === UNREADABLE_CALL) return true;
  if (role === "commander" && (SWARM_TOOLS.commander as readonly string[]).includes(tool)) return true;
  if (role === "worker" && (SWARM_TOOLS.worker as readonly string[]).includes(tool)) return true;
  return isAllowedMcpTool(tool, allowedMcp, mcpServers);
}
