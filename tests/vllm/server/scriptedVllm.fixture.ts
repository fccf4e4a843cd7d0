import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** A package directory with the built command line and an executable scripted `vllm`. */
export interface ScriptedPackage {
  dir: string;
  /** The command line's entry. */
  bin: string;
  /** The executable. */
  vllm: string;
  remove: () => void;
}

/** Builds both with the options of scripts/build.mjs. Takes about a second. */
export async function buildScriptedPackage(): Promise<ScriptedPackage> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-vllm-")));
  const common = {
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    loader: { ".md": "text" },
    logLevel: "error",
  } as const;
  await build({
    ...common,
    entryPoints: { cli: "src/cli/main.ts", "simulate-vllm": "vllm/simulator/main.ts" },
    outdir: join(dir, "dist"),
    splitting: true,
  });
  const vllm = join(dir, "scripted-vllm.mjs");
  await build({
    ...common,
    entryPoints: [fileURLToPath(new URL("./scriptedVllm.ts", import.meta.url))],
    outfile: vllm,
    banner: { js: "#!/usr/bin/env node" },
  });
  chmodSync(vllm, 0o755);
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  writeFileSync(join(dir, "package.json"), readFileSync(join(root, "package.json")));
  mkdirSync(join(dir, "bin"));
  const bin = join(dir, "bin", "oh-my-qwencoder.js");
  writeFileSync(bin, readFileSync(join(root, "bin/oh-my-qwencoder.js")));
  return { dir, bin, vllm, remove: () => rmSync(dir, { recursive: true, force: true }) };
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
