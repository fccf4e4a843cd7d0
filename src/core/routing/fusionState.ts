import { z } from "zod";
import { FUSION_MODES } from "./verdict.ts";

/** What a person or a failure switched, kept between processes. */
export const fusionStateSchema = z.object({
  /** The mode every session begins in; the configuration's `fusionDefault` where absent. */
  mode: z.enum(FUSION_MODES).optional(),
  /** Present while the fallback is active. */
  fallback: z
    .object({
      why: z.string().min(1),
      /** Milliseconds since the epoch. */
      since: z.number(),
      /** When it ends by itself; without it a person ends it. */
      until: z.number().optional(),
    })
    .optional(),
  cooldowns: z
    .array(
      z.object({
        provider: z.string(),
        until: z.number(),
        why: z.enum(["quota", "rate", "auth", "overload", "timeout", "tool", "unknown"]),
      }),
    )
    .default([]),
  /** Providers whose limit counted as reached when last looked at. */
  full: z.array(z.string()).default([]),
});
export type FusionState = z.infer<typeof fusionStateSchema>;

/** Nothing switched, nobody rests. */
export const NO_FUSION_STATE: FusionState = { cooldowns: [], full: [] };
