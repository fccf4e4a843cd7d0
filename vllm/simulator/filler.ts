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

/** Ends like a model's answer and repeats nothing: OpenCode would take filler for a model that runs away. */
const TO_A_PERSON =
  "This server is simulated: no model thought about your message, and a swarm cannot go on with it. `oh-my-qwencoder demo` shows a whole swarm without a GPU; for answers, serve a real model.";

/**
 * To a load generator or a check: as many tokens as it allows, with the words that nobody thought them; where tools are offered,
 * one call first. To a session of a host, which names itself and sets no fixed length: what it talks to, once, and no call that
 * nobody thought of, unless it demands one.
 */
export const filler: Brain = ({
  maxTokens,
  tools,
  assistantTurns,
  argumentsSchema,
  sessionId,
  fixedLength,
  forcedTool,
}) => {
  const inChat = sessionId !== "" && !fixedLength;
  const tool = forcedTool ?? (inChat || assistantTurns > 0 ? undefined : tools[0]);
  if (tool !== undefined) return { toolCalls: [{ name: tool, arguments: emptyArguments(argumentsSchema(tool)) }] };
  if (inChat) return { text: TO_A_PERSON };
  const length = (maxTokens ?? USUAL) * CHARACTERS_PER_TOKEN;
  const text = SENTENCE.repeat(Math.ceil(length / SENTENCE.length)).slice(0, length);
  return { text, ...(maxTokens === undefined ? {} : { finishReason: "length" }) };
};
