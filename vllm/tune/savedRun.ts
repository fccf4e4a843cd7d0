import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import type { Measurement } from "./measure.ts";

const quantiles = z.object({ p50: z.number(), p95: z.number() });
const measurement = z.object({
  requests: z.number(),
  failed: z.number(),
  outputTokens: z.number(),
  durationMs: z.number(),
  tokensPerSecond: z.number(),
  ttftMs: quantiles,
  itlMs: quantiles,
  cachedShare: z.number().optional(),
  preemptions: z.number().optional(),
});
const file = z.object({ about: z.string(), measured: z.record(z.string(), z.array(measurement)) });

/** Names a run by all that decides its figures: another trace or server is another run. */
export const runKey = (about: unknown): string =>
  createHash("sha256").update(JSON.stringify(about)).digest("hex").slice(0, 16);

/** What an interrupted run left; empty where there is nothing, or it is of another run or damaged. */
export async function readRun(path: string, key: string): Promise<Map<string, Measurement[]>> {
  try {
    const parsed = file.safeParse(JSON.parse(await readFile(path, "utf8")));
    if (!parsed.success || parsed.data.about !== key) return new Map();
    return new Map(
      Object.entries(parsed.data.measured).map(([id, list]) => [
        id,
        list.map((one) => ({ ...one, cachedShare: one.cachedShare, preemptions: one.preemptions })),
      ]),
    );
  } catch (error) {
    if (error instanceof SyntaxError) return new Map();
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return new Map();
    throw error;
  }
}

/** Saves what is measured, whole or not at all. */
export async function saveRun(
  path: string,
  key: string,
  measured: ReadonlyMap<string, readonly Measurement[]>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomic(path, `${JSON.stringify({ about: key, measured: Object.fromEntries(measured) }, null, 1)}\n`);
}
