import fc from "fast-check";
import { afterAll, vi } from "vitest";

// A check of a commit must say the same thing twice, so the random tests begin from a fixed seed. To search further:
// AEGIS_SEED=random (each failure prints its seed and path) or AEGIS_SEED=<number>.
const wanted = process.env.AEGIS_SEED;
if (wanted !== "random") fc.configureGlobal({ seed: wanted === undefined ? 20_261 : Number(wanted) });

// The next file runs in the same process.
const directory = process.cwd();
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.chdir(directory);
});
