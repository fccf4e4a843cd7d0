import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** The built command line (`npm run build`) and an executable scripted `vllm`. */
export interface ScriptedPackage {
  /** The command line's entry. */
  bin: string;
  /** The executable. */
  vllm: string;
  remove: () => void;
}

/** Builds the `vllm`. Takes about a second. */
export async function buildScriptedPackage(): Promise<ScriptedPackage> {
  if (!existsSync(join(root, "dist/cli.js"))) throw new Error("dist/ is missing: run `npm run build` first.");
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-vllm-")));
  const vllm = join(dir, "scripted-vllm.mjs");
  await build({
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    logLevel: "error",
    entryPoints: [fileURLToPath(new URL("./scriptedVllm.ts", import.meta.url))],
    outfile: vllm,
    banner: { js: "#!/usr/bin/env node" },
  });
  chmodSync(vllm, 0o755);
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  return {
    bin: join(root, "bin/oh-my-qwencoder.js"),
    vllm,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A port nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Ended, reaped or not: whoever adopts orphans here need not reap them. */
export const isGone = (pid: number): boolean => {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH");
  }
};
