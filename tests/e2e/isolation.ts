import type { Isolation } from "../../src/core/workflow/model.ts";

/** The modes every run tests; a test that is the same in both ways runs in one of them, unless everything is asked for. */
export const ISOLATIONS: readonly Isolation[] = ["shared", "worktree"];

/** True where every test runs in both modes: `AEGIS_E2E=full npm test -- tests/e2e`. */
export const FULL = process.env.AEGIS_E2E === "full";

/** The modes of a file whose tests say little more in the second one. */
export const MODES: readonly Isolation[] = FULL ? ISOLATIONS : ["shared"];

/** The user's settings for a mode; the default is left out, as most people leave it out. */
export function inMode(isolation: Isolation, settings: Record<string, unknown> = {}): { settings?: object } {
  const all = isolation === "shared" ? settings : { ...settings, swarm: { isolation } };
  return Object.keys(all).length === 0 ? {} : { settings: all };
}
