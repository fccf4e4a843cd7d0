import { z } from "zod";

const shared = {
  session: z.string(),
  /** As the gate names it: commander, worker, scout, librarian. */
  role: z.string(),
  call: z.string(),
  tool: z.string(),
};

/**
 * A tool call of a swarm's session, as `.aegis/calls.jsonl` has it: a line when it begins, one when it ends. Times in ms
 * since the epoch, as OpenCode took them.
 */
export const callLineSchema = z.discriminatedUnion("state", [
  z.object({
    ...shared,
    state: z.literal("began"),
    start: z.number(),
    /** A short phrase: "edit src/a.ts". */
    what: z.string(),
  }),
  z.object({
    ...shared,
    state: z.literal("ended"),
    start: z.number(),
    end: z.number(),
    ok: z.boolean(),
    what: z.string(),
    /** The session of the helper that the call was answered by. */
    child: z.string().optional(),
  }),
]);
export type CallLine = z.infer<typeof callLineSchema>;
