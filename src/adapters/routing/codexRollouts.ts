import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCodexRollout } from "../../core/routing/limits/openai.ts";
import type { LimitReading } from "../../core/routing/limits/window.ts";
import { hasCode } from "../../ports/thrown.ts";

/** So many of the newest files are looked into: a session that made no request yet has no limits. */
const NEWEST = 5;

/**
 * The limits in the newest of Codex's session files. Reads only; no credential is touched.
 *
 * @param home Codex's directory (`$CODEX_HOME`, or `~/.codex`)
 * @param now milliseconds since the epoch
 */
export async function codexRolloutLimits(home: string, now: number): Promise<LimitReading> {
  const sessions = join(home, "sessions");
  let names: string[];
  try {
    names = await readdir(sessions, { recursive: true });
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { ok: false, reason: `${sessions} is not there` };
    throw error;
  }
  // Paths hold the date and time (YYYY/MM/DD/rollout-…), so their order is that of their beginnings.
  const newest = names
    .filter((name) => /rollout-[^/\\]*\.jsonl$/.test(name))
    .sort()
    .slice(-NEWEST)
    .reverse();
  for (const name of newest) {
    const reading = readCodexRollout(await readFile(join(sessions, name), "utf8"), now);
    if (reading.ok) return reading;
  }
  return { ok: false, reason: `none of the newest session files in ${sessions} holds limits` };
}
