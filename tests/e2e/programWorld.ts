import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { isolatedEnvironment } from "../../src/cli/demo/environment.ts";
import type { Brain } from "../../vllm/simulator/brain.ts";
import { type ScriptedServer, startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { OPENCODE, SHORT_LIVED } from "./opencodeProgram.ts";
import { MODEL, packageDir } from "./world.ts";

/** A home with the product installed and a project, for programs that start OpenCode themselves. */
export interface ProgramWorld {
  model: ScriptedServer;
  home: string;
  dir: string;
  env: Record<string, string>;
  close(): Promise<void>;
}

export async function programWorld(brain: Brain): Promise<ProgramWorld> {
  const model = await startScriptedServer({ modelId: MODEL, brain });
  const home = await mkdtemp(path.join(tmpdir(), "aegis-program-home-"));
  const dir = await mkdtemp(path.join(tmpdir(), "aegis-program-project-"));
  const env = {
    ...SHORT_LIVED,
    ...isolatedEnvironment(process.env, home, "unused"),
    PATH: `${path.dirname(OPENCODE)}:${process.env.PATH ?? ""}`,
  };
  await execa("git", ["init", "-q"], { cwd: dir });
  const args = ["install", "--global", "--yes", "--base-url", model.baseUrl, "--model", MODEL];
  const bin = path.join(packageDir, "bin/oh-my-qwencoder.js");
  await execa(process.execPath, [bin, ...args], { cwd: dir, env, extendEnv: false });
  const close = async () => {
    await model.close();
    for (const each of [home, dir]) await rm(each, { recursive: true, force: true, maxRetries: 5 });
  };
  return { model, home, dir, env, close };
}

/**
 * Starts a program of our library's user that stays until it is killed.
 *
 * @param name what it imports from the library
 * @param lines its program; the first thing it writes ends the wait for it
 */
export async function parentThatStays(
  { dir, env }: ProgramWorld,
  name: string,
  ...lines: readonly string[]
): Promise<{ said: string; kill(): Promise<void> }> {
  const program = [
    `import { ${name} } from ${JSON.stringify(path.join(packageDir, "dist/index.js"))};`,
    ...lines,
    "setInterval(() => undefined, 1000);",
  ].join("\n");
  const options = { cwd: dir, env, extendEnv: false, reject: false } as const;
  const parent = execa(process.execPath, ["--input-type=module", "-e", program], options);
  const kill = async () => {
    parent.kill("SIGKILL");
    await parent;
  };
  const said = await new Promise<string>((resolve) => parent.stdout.on("data", (text) => resolve(String(text))));
  return { said, kill };
}

/** Processes that run in the world, by a text of their command line and without those that match `but`. */
export async function processes(world: ProgramWorld, text: string, but = /^$/): Promise<number[]> {
  const { stdout } = await execa("grep", ["-lzs", `^HOME=${world.home}$`, ...(await environs())], { reject: false });
  const pids = stdout.split("\n").flatMap((file) => /^\/proc\/(\d+)\//.exec(file)?.[1] ?? []);
  const lines = await Promise.all(
    pids.map((pid) => execa("tr", ["\\0", " "], { inputFile: `/proc/${pid}/cmdline`, reject: false })),
  );
  return pids.flatMap((pid, at) => {
    const line = lines[at]?.stdout ?? "";
    return line.includes(text) && !but.test(line) ? [Number(pid)] : [];
  });
}

async function environs(): Promise<string[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/u.test(name)).map((pid) => `/proc/${pid}/environ`);
}
