import { z } from "zod";

/** What Claude Code (2.1) writes to a hook's standard input, as far as it is used here. */
export const hookInputSchema = z.looseObject({
  session_id: z.string().min(1),
  cwd: z.string().min(1),
  transcript_path: z.string().optional(),
  prompt: z.string().default(""),
  tool_name: z.string().default(""),
  tool_input: z.looseObject({ subagent_type: z.string().optional(), prompt: z.string().optional() }).default({}),
});
export type HookInput = z.infer<typeof hookInputSchema>;

export type HookEvent = "UserPromptSubmit" | "SessionStart" | "PreToolUse";

/** What a hook answers. Nothing is in it that was not asked for: an answer that says nothing changes nothing. */
export interface HookAnswer {
  /** For the person. */
  message?: string | undefined;
  /** For the model. */
  context?: string | undefined;
  /** Why the tool must not run. */
  denied?: string | undefined;
}

/** The answer as Claude Code reads it from standard output; undefined where there is nothing to say. */
export function hookOutput(event: HookEvent, { message, context, denied }: HookAnswer): object | undefined {
  const specific = {
    ...(context === undefined ? {} : { additionalContext: context }),
    ...(denied === undefined ? {} : { permissionDecision: "deny", permissionDecisionReason: denied }),
  };
  const output = {
    ...(message === undefined ? {} : { systemMessage: message }),
    ...(Object.keys(specific).length === 0 ? {} : { hookSpecificOutput: { hookEventName: event, ...specific } }),
  };
  return Object.keys(output).length === 0 ? undefined : output;
}

/** Commands of our plugin in Claude Code. */
export const CLAUDE_COMMANDS = [
  "fusion-setup",
  "fusion-default-on",
  "fusion-default-off",
  "cancel-autopilot",
  "handoff",
  "hulw",
  "ulw",
  "autopilot",
  "opencode",
] as const;
export type ClaudeCommand = (typeof CLAUDE_COMMANDS)[number];

/** A command of ours that a person typed, with or without the plugin's name before it. */
export function typedCommand(prompt: string): { name: ClaudeCommand; words: string } | undefined {
  const match = /^\/(?:oh-my-qwencoder:)?([a-z-]+)(?:\s+([\s\S]*))?$/.exec(prompt.trim());
  const name = CLAUDE_COMMANDS.find((each) => each === match?.[1]);
  return name && { name, words: match?.[2]?.trim() ?? "" };
}
