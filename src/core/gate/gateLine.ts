import { z } from "zod";

const count = z.number().int().min(0);
const ms = z.number().min(0);
const about = {
  at: z.iso.datetime(),
  /** The host's id; "" where the request named none. */
  session: z.string(),
  role: z.string(),
  /** The host's name of the provider. */
  provider: z.string(),
};

/** A line of the gate's log (`.aegis/gate.jsonl`) as far as it is read again; lines of other types are left out. Times in ms. */
export const gateLineSchema = z.discriminatedUnion("type", [
  z.looseObject({
    ...about,
    type: z.literal("answered"),
    firstByteMs: ms,
    totalMs: ms,
    /** Waiting for a turn before anything was sent. */
    queueMs: ms.optional(),
    finish: z.string().optional(),
    tokens: z.object({ prompt: count, cached: count.optional(), output: count }).optional(),
    gaps: z.array(z.tuple([ms, count])).default([]),
  }),
  z.looseObject({ ...about, type: z.literal("spared") }),
  z.looseObject({ ...about, type: z.literal("retry") }),
  z.looseObject({ ...about, type: z.literal("failed"), failure: z.string() }),
  z.looseObject({ ...about, type: z.literal("refused") }),
  z.looseObject({ ...about, type: z.literal("runaway") }),
  z.looseObject({
    ...about,
    type: z.literal("repaired"),
    report: z.looseObject({ counts: z.record(z.string(), count) }),
    history: count.default(0),
  }),
]);
export type GateLine = z.infer<typeof gateLineSchema>;
