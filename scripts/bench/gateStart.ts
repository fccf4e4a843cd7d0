import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";
import { z } from "zod";

/** The bundled bench lies as deep below the root as this source. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const figures = z.object({ load: z.number(), start: z.number() });

/**
 * What the model gate adds to the start of the process it stands in, each time in a new one: its modules' load, and putting
 * it in front of three providers.
 *
 * @returns ms, in the order they were measured
 */
export async function gateStarts(count: number): Promise<{ load: number; start: number }[]> {
  // Below dist, so that zod is found.
  const folder = mkdtempSync(join(root, "dist", "bench-gate-start-"));
  try {
    const outdir = join(folder, "out");
    await build({
      absWorkingDir: root,
      entryPoints: [join("scripts", "bench", "gateStartOnce.ts")],
      outdir,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      logLevel: "warning",
    });
    const times: { load: number; start: number }[] = [];
    for (let run = 0; run < count; run += 1) {
      const { stdout } = await execa(process.execPath, [join(outdir, "gateStartOnce.js")]);
      times.push(figures.parse(JSON.parse(stdout)));
    }
    return times;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
