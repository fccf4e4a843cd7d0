import { homedir } from "node:os";
import { stateHome } from "../../config/stateHome.ts";
import { mergeWindows } from "../../core/routing/limits/usage.ts";
import { type LimitWindow, limitWindow, type WindowKind } from "../../core/routing/limits/window.ts";
import { RoutingState } from "./routingState.ts";

/**
 * Sets Claude's windows by hand, as `limits set claude` does; each stays until its window has passed.
 *
 * @param fiveHour percent, 0 to 100; undefined leaves a window as it is
 * @param options `stateDir`: another directory than the user's
 * @returns every window that is known now
 * @throws RangeError for what is no percent; RoutingStateError where the file cannot be used
 */
export async function updateClaudeLimits(
  fiveHour: number | undefined,
  weekly?: number,
  monthly?: number,
  options: { stateDir?: string } = {},
): Promise<LimitWindow[]> {
  const now = Date.now();
  const given: readonly [WindowKind, number | undefined][] = [
    ["5h", fiveHour],
    ["weekly", weekly],
    ["monthly", monthly],
  ];
  const common = { provider: "claude", source: "by-hand", observedAt: now, confidence: "manual" as const };
  const windows = given.flatMap(([kind, percent]): LimitWindow[] => {
    if (percent === undefined) return [];
    if (!(percent >= 0 && percent <= 100))
      throw new RangeError(`${kind} takes a percent from 0 to 100, not ${percent}.`);
    return [limitWindow(common, kind, percent)];
  });
  const state = new RoutingState(options.stateDir ?? stateHome(process.env, homedir()));
  const merged = mergeWindows(await state.limits(), windows, now);
  await state.saveLimits(merged);
  return merged;
}
