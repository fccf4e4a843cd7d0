import { z } from "zod";

/** Why the Commander is not sent on any more, where the model is the reason. */
export const stopCauseSchema = z.discriminatedUnion("kind", [
  /** Its model request failed for good, `failure` as the gate typed it. */
  z.object({ kind: z.literal("request"), failure: z.string(), detail: z.string() }),
  /** Its answers were cut again and again; `what` is the gate's word for what the last one did. */
  z.object({ kind: z.literal("cut"), what: z.string() }),
]);
export type StopCause = z.infer<typeof stopCauseSchema>;
