import { z } from "zod";
import type { Brain } from "./brain.ts";
import { CHARACTERS_PER_TOKEN } from "./surface.ts";

const SENTENCE = "Simulated filler, not a model's words. ";
/** Tokens where the client sets no limit. */
const USUAL = 64;

const objectSchema = z.looseObject({
  required: z.array(z.string()).default([]),
  properties: z
    .record(z.string(), z.looseObject({ type: z.string().optional(), enum: z.array(z.unknown()).optional() }))
    .default({}),
});
const EMPTY: Readonly<Record<string, unknown>> = { number: 0, integer: 0, boolean: false, array: [], object: {} };

/** Arguments as a tool's schema wants them, with nothing in them: what is required, each of its type. */
function emptyArguments(schema: unknown): Record<string, unknown> {
  const parsed = objectSchema.safeParse(schema);
  if (!parsed.success) return {};
  const { required, properties } = parsed.data;
  return Object.fromEntries(
    required.map((name) => {
      const { type = "string", enum: choices } = properties[name] ?? {};
      return [name, choices?.[0] ?? EMPTY[type] ?? "simulated"];
    }),
  );
}

/** Says as many tokens as the client allows, and that nobody thought them; where tools are offered, one call first. */
export const filler: Brain = ({ maxTokens, tools, assistantTurns, argumentsSchema }) => {
  const length = (maxTokens ?? USUAL) * CHARACTERS_PER_TOKEN;
  const text = SENTENCE.repeat(Math.ceil(length / SENTENCE.length)).slice(0, length);
  const tool = tools[0];
  if (tool !== undefined && assistantTurns === 0)
    return { toolCalls: [{ name: tool, arguments: emptyArguments(argumentsSchema(tool)) }] };
  return { text, ...(maxTokens === undefined ? {} : { finishReason: "length" }) };
};
