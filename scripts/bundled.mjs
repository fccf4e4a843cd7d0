import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./fromClone.mjs";

/** Bundles a TypeScript file of this repository that needs no other file beside it, and imports it from memory. */
export async function exportsOf(entry) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "warning",
  });
  const code = Buffer.from(outputFiles[0]?.text ?? "").toString("base64");
  return await import(`data:text/javascript;base64,${code}`);
}

/**
 * Bundles a TypeScript file of this repository and gives its exports to `use`. The bundle lies as deep below the root as
 * the sources it is made from, which find the package's files by relative addresses, and goes when `use` has ended.
 */
export async function withBundle(entry, name, use) {
  const { build } = await import("esbuild");
  const folder = join(root, "dist", `${name}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${name}.js`);
  try {
    await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      loader: { ".md": "text" },
      logLevel: "warning",
    });
    return await use(await import(pathToFileURL(outfile).href), outfile);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
