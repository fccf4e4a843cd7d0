import { z } from "zod";
import commanderText from "../agents/commander.md";
import librarianText from "../agents/librarian.md";
import scoutText from "../agents/scout.md";
import workerText from "../agents/worker.md";
import type { Role } from "../src/core/roles.ts";
import { ROLES, SWARM_TOOLS } from "../src/core/roles.ts";

const action = z.enum(["allow", "deny"]);
const permissionSchema = z.record(z.string(), z.union([action, z.record(z.string(), action)]));
export type AgentPermission = z.infer<typeof permissionSchema>;

const headSchema = z.strictObject({
  description: z.string(),
  mode: z.enum(["primary", "subagent"]),
  hidden: z.boolean().optional(),
  color: z.string().optional(),
  permission: permissionSchema,
  tools: z.enum(["commander", "worker", "none"]),
});

/** A role as OpenCode's configuration takes it. */
export interface AgentDefinition {
  description: string;
  mode: "primary" | "subagent" | "all";
  hidden?: boolean;
  color?: string;
  prompt: string;
  permission: AgentPermission;
}

const TEXTS: Record<Role, string> = {
  commander: commanderText,
  worker: workerText,
  scout: scoutText,
  librarian: librarianText,
};

/**
 * Reads a role file: front matter of `key: value` lines (a value is JSON where it looks like JSON), then the prompt.
 * @throws ZodError for a role file that does not fit; caught by the tests, never by a user.
 */
export function readRole(text: string): AgentDefinition {
  const [, head = "", prompt = ""] = text.match(/^---\n([\s\S]*?)\n---\n([\s\S]*)$/u) ?? [];
  const entries = head.split("\n").map((line) => {
    const at = line.indexOf(":");
    const value = line.slice(at + 1).trim();
    return [line.slice(0, at), /^["{[]|^(?:true|false)$/u.test(value) ? JSON.parse(value) : value];
  });
  const { tools, permission, hidden, color, ...plain } = headSchema.parse(Object.fromEntries(entries));
  const own = tools === "none" ? [] : SWARM_TOOLS[tools];
  return {
    ...plain,
    ...(hidden === undefined ? {} : { hidden }),
    ...(color === undefined ? {} : { color }),
    prompt: prompt.trim(),
    permission: { ...permission, ...Object.fromEntries(own.map((tool) => [tool, "allow" as const])) },
  };
}

/** All four roles; the same bytes every time. */
export function roleDefinitions(): Record<Role, AgentDefinition> {
  return Object.fromEntries(ROLES.map((role) => [role, readRole(TEXTS[role])])) as Record<Role, AgentDefinition>;
}
