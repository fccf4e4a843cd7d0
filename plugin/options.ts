import { z } from "zod";
import { ROLES } from "../src/core/roles.ts";

const roleNames = z.partialRecord(z.enum(ROLES as [string, ...string[]]), z.string().min(1));

/** Options that install writes beside the plugin's entry in OpenCode's configuration; the rest are settings of aegis.jsonc. */
const optionsSchema = z.looseObject({
  /** Model of every role, as "provider/model". */
  model: z.string().min(1).optional(),
  /** Other names for roles whose plain name a person's own agent has. */
  agents: roleNames.optional(),
  /** Whether the 35 specialists are subagents here. */
  specialists: z.boolean().optional(),
});

export interface PluginOptions {
  model?: string | undefined;
  agents?: z.infer<typeof roleNames> | undefined;
  specialists?: boolean | undefined;
  settings?: Record<string, unknown> | undefined;
}

export function readOptions(raw: unknown): { ok: true; options: PluginOptions } | { ok: false; problem: string } {
  const parsed = optionsSchema.safeParse(raw ?? {});
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
    return { ok: false, problem: `The plugin's options in opencode.json are not valid: ${issues}.` };
  }
  const { model, agents, specialists, ...settings } = parsed.data;
  return {
    ok: true,
    options: { model, agents, specialists, settings: Object.keys(settings).length > 0 ? settings : undefined },
  };
}
