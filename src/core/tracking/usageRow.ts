import { z } from "zod";

const count = z.number().int().min(0);

/** One answered or failed model request: a line of the usage log. Holds figures and names, never a word of anybody's. */
export const usageRowSchema = z.object({
  /** ms since the epoch. */
  at: z.number(),
  /** The registry's id: local, claude, openai, gemini, … */
  provider: z.string().min(1),
  agent: z.string().min(1),
  /** As the provider's API names it; missing where whoever recorded it did not say. */
  model: z.string().min(1).optional(),
  /** ms from sending to the end of the answer. */
  duration: z.number().min(0),
  /** Answered to its end. */
  success: z.boolean(),
  /** The answer began and was cut: stopped by the person or by the runaway guard, or its stream broke. Then no success. */
  cut: z.boolean().optional(),
  /** Whether a prefix cache had part of the prompt. */
  cacheHit: z.boolean(),
  input: count,
  output: count,
});
export type UsageRow = z.infer<typeof usageRowSchema>;
