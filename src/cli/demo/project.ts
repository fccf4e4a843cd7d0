import { constants, existsSync } from "node:fs";
import { cp, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { CliFailure } from "../failure.ts";
import type { DemoContent } from "./content.ts";

/** What the project's own checks need; the template's package.json names the same, these add what they load. */
const TOOLS = ["typescript", "@biomejs/biome", "@types/node", "undici-types"];
const PROGRAMS = { tsc: "../typescript/bin/tsc", biome: "../@biomejs/biome/bin/biome" };
const INSTALL_TIMEOUT_MS = 180_000;

/** Throws where `dir` holds anything already: the demo writes over nobody's files. */
export async function assertEmpty(dir: string): Promise<void> {
  if (!existsSync(dir)) return;
  const entries = await readdir(dir).catch(() => ["something that is no directory"]);
  if (entries.length > 0) {
    throw new CliFailure(`${dir} is not empty (${entries.slice(0, 3).join(", ")} …).`, {
      next: "Name a directory that is empty or does not exist yet.",
    });
  }
}

/** Makes the project as a person would have it before the swarm: a git repository with one commit. */
export async function makeProject(
  dir: string,
  content: DemoContent,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const file of content.start) {
    await mkdir(dirname(join(dir, file.path)), { recursive: true });
    await writeFile(join(dir, file.path), file.content);
  }
  const git = (...argv: string[]) => execa("git", argv, { cwd: dir, env, extendEnv: false, timeout: 30_000 });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  const identity = ["-c", "user.name=Demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false"];
  await git(...identity, "commit", "--quiet", "--message", "docs: say what the project is");
}

/**
 * Gives the project its `node_modules`: a copy of this package's where the tools are there, else a fresh install (the
 * only step of the demo that needs a registry). No link, since a sandboxed shell has a `/tmp` of its own, where a clone in
 * `/tmp` is not seen, and since what the swarm may write must not be this package. Returns which of the two it was.
 */
export async function provideTools(
  projectDir: string,
  options: { packageDir: string; content: DemoContent; scratchDir: string; signal: AbortSignal },
): Promise<"copied" | "installed"> {
  const from = join(options.packageDir, "node_modules");
  const to = join(projectDir, "node_modules");
  const biome = existsSync(join(from, "@biomejs")) ? await readdir(join(from, "@biomejs")) : [];
  if (
    TOOLS.every((tool) => existsSync(join(from, tool, "package.json"))) &&
    biome.some((name) => name.startsWith("cli-"))
  ) {
    const wanted = [...TOOLS, ...biome.filter((name) => name.startsWith("cli-")).map((name) => `@biomejs/${name}`)];
    for (const tool of wanted) {
      await cp(join(from, tool), join(to, tool), { recursive: true, mode: constants.COPYFILE_FICLONE });
    }
    await mkdir(join(to, ".bin"));
    for (const [name, target] of Object.entries(PROGRAMS)) await symlink(target, join(to, ".bin", name));
    return "copied";
  }
  const manifest = options.content.foundation.find((file) => file.path === "package.json");
  await mkdir(options.scratchDir, { recursive: true });
  await writeFile(join(options.scratchDir, "package.json"), manifest?.content ?? "{}");
  const npm = await execa("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: options.scratchDir,
    cancelSignal: options.signal,
    timeout: INSTALL_TIMEOUT_MS,
    reject: false,
    all: true,
  });
  options.signal.throwIfAborted();
  if (npm.exitCode !== 0) {
    throw new CliFailure(
      `The demo's project needs ${TOOLS.join(", ")}, and npm could not install them:\n${npm.all.slice(-1500)}`,
      {
        next: "Give npm a registry it can reach, or run the demo in a clone of the repository after `npm ci`.",
      },
    );
  }
  await cp(join(options.scratchDir, "node_modules"), to, { recursive: true, verbatimSymlinks: true });
  return "installed";
}
