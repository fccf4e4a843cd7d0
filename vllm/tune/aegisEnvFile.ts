import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { Point } from "./points.ts";

const BEGIN = "# tune: begin";
const END = "# tune: end";
const NAMES = ["AEGIS_BATCH", "AEGIS_BATCHED_TOKENS", "AEGIS_CTX", "AEGIS_KV_DTYPE", "AEGIS_MEM"] as const;

/**
 * The text of `vllm/aegis.env` with a point in it: our own lines between two marks, other settings kept, lines of the same
 * names elsewhere turned into comments.
 *
 * @param about where the values come from, a line each
 */
export function withPoint(text: string, point: Point, about: readonly string[]): string {
  const kept: string[] = [];
  let ours = false;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === BEGIN) ours = true;
    const name = /^\s*(?:export\s+)?([A-Z_]+)\s*=/.exec(line)?.[1];
    if (!ours) kept.push(NAMES.some((one) => one === name) ? `# before tune: ${line.trim()}` : line);
    if (line.trim() === END) ours = false;
  }
  while (kept.at(-1) === "") kept.pop();
  const lines = [
    BEGIN,
    ...about.map((line) => `# ${line}`),
    `AEGIS_BATCH=${point.maxNumSeqs}`,
    `AEGIS_BATCHED_TOKENS=${point.maxNumBatchedTokens}`,
    `AEGIS_CTX=${point.context}`,
    `AEGIS_KV_DTYPE=${point.kvDtype}`,
    `AEGIS_MEM=${point.utilization}`,
    END,
  ];
  return `${[...kept, ...(kept.length > 0 ? [""] : []), ...lines].join("\n")}\n`;
}

/** Writes a point into the file, whole or not at all. */
export async function writePoint(path: string, point: Point, about: readonly string[]): Promise<void> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, withPoint(text, point, about));
}
