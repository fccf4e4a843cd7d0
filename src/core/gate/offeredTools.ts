import { z } from "zod";

/** A tool the request offered: what a call is repaired against. */
export interface OfferedTool {
  name: string;
  /** JSON schema of its arguments; `{}` where it has none. */
  schema: unknown;
}

const requestShape = z.looseObject({
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string().min(1), parameters: z.unknown().optional() }) }))
    .catch([]),
});

/**
 * The tools of a chat completion request, in its order; none where the request has none or is of another shape, and
 * then nothing is repaired that needs to know them.
 *
 * @param body the parsed request body
 */
export function offeredTools(body: unknown): OfferedTool[] {
  const parsed = requestShape.safeParse(body);
  if (!parsed.success) return [];
  return parsed.data.tools.map((tool) => ({ name: tool.function.name, schema: tool.function.parameters ?? {} }));
}
