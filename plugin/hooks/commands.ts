import type { FusionCommand } from "../../src/core/routing/keywords.ts";
import { gateSchema } from "../../src/core/workflow/model.ts";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { messageOf } from "../../src/ports/thrown.ts";
import { submit } from "../../src/runtime/commands.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";

const COMMANDS: Record<string, { description: string; template: string; anywhere?: true }> = {
  aegis: { description: "Status of the swarm", template: "Call worker_status and show me what it returns." },
  design: {
    description: "Show the design and its choices",
    template: "Show me the present design and what I have to decide.",
  },
  workers: { description: "Show the Workers", template: "Call worker_status and show me the Workers." },
  qa: { description: "Run the project's checks", template: "Call run_qa and show me the result." },
  autopilot: { description: "Design, build and verify without asking; gates stay", template: "$ARGUMENTS" },
  "abort-swarm": {
    description: "End this swarm and its Workers",
    template: "The swarm was ended. Tell me what is left in the working tree.",
  },
  "aegis-override": {
    description: "Override one gate: <gate> <reason>",
    template: "A gate was overridden by me: $ARGUMENTS. Go on.",
  },
  "cancel-autopilot": {
    description: "Ask me again before a design is built",
    template: "Autopilot is off from here on. Tell me so in one sentence, and what waits for me.",
  },
  job: {
    description: "Start a background job: /job <what to do>",
    template: 'Show me the lines above as they are. Do nothing of it here: a runner does it. I typed: "$ARGUMENTS"',
    anywhere: true,
  },
  jobs: {
    description: "The last background jobs, or one of them",
    template: 'Show me the lines above as they are. Do nothing else. I typed: "$ARGUMENTS"',
    anywhere: true,
  },
  hulw: { description: "This task in the mode always: by tier, side by side", template: "$ARGUMENTS", anywhere: true },
  ulw: { description: "This task in the mode auto: by the primary's limits", template: "$ARGUMENTS", anywhere: true },
  handoff: {
    description: "Write what this work stands at, for another tool or session: [opencode|claude|codex]",
    template: "Show me the lines above as they are. Do nothing else.",
    anywhere: true,
  },
  "fusion-setup": {
    description: "Look for providers and write the routing configuration",
    template: "Show me the lines above as they are, and say in one sentence what to do next. Do nothing else.",
    anywhere: true,
  },
  "fusion-default-on": {
    description: "Every session begins in the mode always",
    template: "Show me the line above as it is. Do nothing else.",
    anywhere: true,
  },
  "fusion-default-off": {
    description: "No session begins in a mode",
    template: "Show me the line above as it is. Do nothing else.",
    anywhere: true,
  },
};

/** Commands that act for the person: no file of a repository may put another text or agent behind these names. */
const ACTING = new Set([
  "autopilot",
  "abort-swarm",
  "aegis-override",
  "cancel-autopilot",
  "job",
  "jobs",
  "hulw",
  "ulw",
  "handoff",
  "fusion-setup",
  "fusion-default-on",
  "fusion-default-off",
]);

/** The host's commands with ours; where both have a name the host's stays, unless the command acts for the person. */
export function commandsBeside(theirs: Readonly<Record<string, unknown>>, commander: string): Record<string, unknown> {
  const ours = Object.entries(COMMANDS).filter(([name]) => ACTING.has(name) || !Object.hasOwn(theirs, name));
  // What holds in any session stays with the agent the person chose there.
  const withAgent = ours.map(([name, { anywhere, ...command }]) => [
    name,
    anywhere ? command : { ...command, agent: commander },
  ]);
  return { ...theirs, ...Object.fromEntries(withAgent) };
}

/** Names under which `commandsBeside` puts a command of ours. */
export function ourCommands(theirs: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  return new Set(Object.keys(COMMANDS).filter((name) => ACTING.has(name) || !Object.hasOwn(theirs, name)));
}

/** Who carries out commands that are not the swarm's; each says what the person is told. */
export interface CommandDesks {
  fusion(command: Exclude<FusionCommand, "cancel-autopilot">): Promise<string>;
  handoff(session: string, typed: string): Promise<string>;
  job(typed: { command: "job" | "jobs"; arguments: string; session: string }): Promise<string>;
}

/**
 * A command the person typed. Only a person reaches this: the host runs it for a slash command, never for a model.
 * @returns text to put in front of the command's template, if any.
 */
export async function personCommand(
  services: SwarmServices,
  typed: { command: string; arguments: string; session: string },
  { fusion, handoff, job }: CommandDesks,
): Promise<string | undefined> {
  switch (typed.command) {
    case "abort-swarm": {
      const reason = typed.arguments.trim() || "the person ended it";
      const decision = await submit(services, { type: "abort_swarm", by: "person", reason });
      return decision.ok ? `Swarm ended: ${reason}.` : renderRefusal(decision.refusal);
    }
    case "aegis-override": {
      const [name = "", ...words] = typed.arguments.trim().split(/\s+/u);
      const gate = gateSchema.safeParse(name);
      if (!gate.success)
        return `There is no gate "${name}". Gates: ${gateSchema.options.join(", ")}. Usage: /aegis-override <gate> <reason>`;
      const decision = await submit(services, { type: "override_gate", gate: gate.data, reason: words.join(" ") });
      return decision.ok ? `Gate "${gate.data}" is overridden.` : renderRefusal(decision.refusal);
    }
    case "cancel-autopilot": {
      const decision = await submit(services, { type: "cancel_autopilot" });
      return decision.ok ? "Autopilot is off." : renderRefusal(decision.refusal);
    }
    case "fusion-setup":
    case "fusion-default-on":
    case "fusion-default-off":
      return fusion(typed.command).catch((error: unknown) => messageOf(error));
    case "job":
    case "jobs":
      return job({ ...typed, command: typed.command }).catch((error: unknown) => messageOf(error));
    case "handoff":
      return handoff(typed.session, typed.arguments);
    case "autopilot":
      return undefined;
    default:
      return undefined;
  }
}
