import { z } from "zod";
import { UsageReader } from "../../adapters/tracking/usageReader.ts";
import type { LimitWindow } from "../../core/routing/limits/window.ts";
import { trafficOf } from "../../core/tracking/usageBook.ts";
import { limitLine } from "../../core/view/swarmView.ts";
import { statusLine } from "../../core/view/tokenCounts.ts";

const count = z.number().min(0).catch(0);
/** The tokens of the session that draws the line, which are in nobody's usage log. */
const sessionTokens = z.looseObject({
  context_window: z.looseObject({ total_input_tokens: count, total_output_tokens: count }).nullish().catch(undefined),
});

/**
 * The status line in Claude Code: tokens of the last 24 hours by provider as everywhere, with this session's own added to
 * Claude's, and the limits.
 *
 * @param input what Claude Code writes to its status line's standard input
 */
export function claudeCodeLine(stateDir: string, windows: readonly LimitWindow[], input: unknown, now: number): string {
  const traffic = trafficOf(new UsageReader(stateDir).read().total("day", now));
  const own = sessionTokens.safeParse(input).data?.context_window;
  const claude = traffic.claude ?? { input: 0, output: 0 };
  traffic.claude = {
    input: claude.input + (own?.total_input_tokens ?? 0),
    output: claude.output + (own?.total_output_tokens ?? 0),
  };
  return statusLine(traffic, limitLine(windows, now));
}
