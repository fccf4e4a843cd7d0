import { z } from "zod";
import data from "../agents/specialists.json" with { type: "json" };
import { ALL_SWARM_TOOLS } from "../src/core/roles.ts";
import type { AgentDefinition, AgentPermission } from "./agents.ts";

const specialistSchema = z.strictObject({
  name: z.string().regex(/^[a-z]+(?:-[a-z]+)*$/),
  tier: z.enum(["high", "medium", "low"]),
  /** What it may do: read, read and run commands, or write too. */
  kind: z.enum(["reader", "runner", "writer"]),
  /** One line, for whoever chooses among them. */
  role: z.string().min(1),
  prompt: z.string().min(1),
});
export type Specialist = z.infer<typeof specialistSchema>;

/** The 35 specialists. @throws ZodError for data that does not fit; caught by the tests, never by a user. */
export function specialists(): Specialist[] {
  return z.array(specialistSchema).parse(data);
}

const NO_WRITING: AgentPermission = { edit: "deny" };
const PERMISSIONS: Readonly<Record<Specialist["kind"], AgentPermission>> = {
  reader: { ...NO_WRITING, bash: "deny", webfetch: "deny", websearch: "deny" },
  runner: NO_WRITING,
  writer: {},
};

/**
 * The specialists as OpenCode's subagents, by name. They start no subagents of their own, and have no tool of the swarm's.
 *
 * @param mode "all" where a whole session may be one's work, as in a job
 */
export function specialistAgents(mode: "subagent" | "all" = "subagent"): Record<string, AgentDefinition> {
  const none = Object.fromEntries(ALL_SWARM_TOOLS.map((tool) => [tool, "deny" as const]));
  return Object.fromEntries(
    specialists().map(({ name, role, prompt, kind }) => [
      name,
      {
        description: `${role}.`,
        mode,
        prompt,
        permission: { ...PERMISSIONS[kind], task: "deny" as const, ...none },
      },
    ]),
  );
}

/** Names under which our own specialists stand in the host's configuration: a person's agent of such a name is theirs. */
export function specialistsOf(agents: Readonly<Record<string, unknown>> | undefined): Set<string> {
  const ours = Object.entries(specialistAgents()).filter(([name, { prompt }]) => {
    const agent = agents?.[name];
    return typeof agent === "object" && agent !== null && "prompt" in agent && agent.prompt === prompt;
  });
  return new Set(ours.map(([name]) => name));
}
