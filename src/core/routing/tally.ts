import { z } from "zod";
import { parseJson } from "../gate/json.ts";

const count = z.number().nonnegative();
const line = z.discriminatedUnion("type", [
  z.object({ type: z.literal("decided"), decision: z.string(), provider: z.string().optional() }),
  z.object({
    type: z.literal("used"),
    provider: z.string(),
    routed: z.boolean(),
    tokens: z.object({ input: count, output: count }),
  }),
  z.object({ type: z.literal("failed"), provider: z.string() }),
]);

/** What a provider did. */
export interface ProviderTally {
  /** Pieces of work that the policy gave it. */
  decided: number;
  failed: number;
  /** Tokens its answers took, as the host counted them; prompts read from a cache are in `input`. */
  tokens: { input: number; output: number };
}

export interface RoutingTally {
  providers: Record<string, ProviderTally>;
  blocked: number;
  /**
   * Tokens that the primary did not have to take, against a baseline in which it does all of the work and takes as many
   * tokens for it as whoever did it. An estimate: other models need more tokens for the same task, or fewer.
   */
  savedTokens: number;
}

/** Adds up a routing log. Lines that are something else, or torn, are passed over. */
export function tallyRoutes(lines: Iterable<string>): RoutingTally {
  const providers: Record<string, ProviderTally> = {};
  const of = (id: string) => {
    providers[id] ??= { decided: 0, failed: 0, tokens: { input: 0, output: 0 } };
    return providers[id];
  };
  let blocked = 0;
  let savedTokens = 0;
  for (const text of lines) {
    const parsed = line.safeParse(parseJson(text));
    if (!parsed.success) continue;
    const entry = parsed.data;
    if (entry.type === "failed") of(entry.provider).failed += 1;
    else if (entry.type === "used") {
      const { tokens } = of(entry.provider);
      tokens.input += entry.tokens.input;
      tokens.output += entry.tokens.output;
      if (entry.routed) savedTokens += entry.tokens.input + entry.tokens.output;
    } else if (entry.provider !== undefined) of(entry.provider).decided += 1;
    else blocked += 1;
  }
  return { providers, blocked, savedTokens };
}
