import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { execa } from "execa";
import { z } from "zod";
import { isolatedEnvironment } from "../../src/cli/demo/environment.ts";

export const packageDir = fileURLToPath(new URL("../..", import.meta.url));
export const MODEL = "scripted-qwen3-coder-next";

/** What `install` writes in a home of its own, and the same without the plugin or with its load timed. */
export type HomeKind = "with" | "without" | "timed";

export interface Home {
  kind: HomeKind;
  /** OpenCode as it comes, with its built-in catalogue of models. */
  env: Record<string, string>;
  /** What `env.sh` adds so that OpenCode does without that catalogue. */
  noCatalogue: Record<string, string>;
  remove(): Promise<void>;
}

const opencodeConfig = z.looseObject({ plugin: z.array(z.tuple([z.string(), z.looseObject({})])) });

/** Makes an isolated home with the product installed against `baseUrl`. */
export async function makeHome(kind: HomeKind, baseUrl: string): Promise<Home> {
  const home = await mkdtemp(join(tmpdir(), `aegis-bench-${kind}-`));
  const { OPENCODE_MODELS_PATH = "", ...env } = isolatedEnvironment(process.env, home, "unused");
  await mkdir(join(home, ".config", "opencode"), { recursive: true });
  const args = ["install", "--global", "--yes", "--base-url", baseUrl, "--model", MODEL];
  await execa(process.execPath, [join(packageDir, "bin", "oh-my-qwencoder.js"), ...args], {
    cwd: home,
    env,
    extendEnv: false,
  });
  const file = join(home, ".config", "opencode", "opencode.json");
  const { plugin, ...rest } = opencodeConfig.parse(JSON.parse(await readFile(file, "utf8")));
  if (kind === "without") await writeFile(file, JSON.stringify(rest));
  if (kind === "timed") {
    const wrapper = join(home, "timed.mjs");
    await writeFile(wrapper, TIMED.replace("PLUGIN", JSON.stringify(plugin[0]?.[0])));
    await writeFile(file, JSON.stringify({ ...rest, plugin: [[pathToFileURL(wrapper).href, plugin[0]?.[1] ?? {}]] }));
  }
  const noCatalogue = { OPENCODE_MODELS_PATH };
  return { kind, env, noCatalogue, remove: () => rm(home, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A plugin that loads ours and writes down how long each part of its start took (ms), one JSON line a start. */
const TIMED = `import { appendFileSync } from "node:fs";
export default {
  id: "timed",
  server: async (input, options) => {
    const began = performance.now();
    const { default: plugin } = await import(PLUGIN);
    const loaded = performance.now();
    const hooks = await plugin.server(input, options);
    const served = performance.now();
    const config = hooks.config;
    hooks.config = async (value) => {
      const from = performance.now();
      await config(value);
      const times = { load: loaded - began, server: served - loaded, config: performance.now() - from };
      appendFileSync(process.env.AEGIS_BENCH_TIMES, JSON.stringify(times) + "\\n");
    };
    return hooks;
  },
};
`;
