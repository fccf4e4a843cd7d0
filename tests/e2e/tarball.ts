import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { packageDir } from "./world.ts";

/**
 * Packs what was built and installs the tarball as a person does on a machine without a registry: `npm install --global`
 * into a prefix of its own, offline, with an empty cache.
 *
 * @returns the installed command line
 */
export async function installTarball(dir: string): Promise<string> {
  const quiet = { PATH: process.env.PATH ?? "", HOME: dir, npm_config_cache: path.join(dir, "cache") };
  const npm = (args: readonly string[], cwd: string) => execa("npm", args, { cwd, env: quiet, extendEnv: false });
  await npm(["pack", "--ignore-scripts", "--pack-destination", dir], packageDir);
  const tarball = (await readdir(dir)).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no tarball");
  const prefix = path.join(dir, "prefix");
  await npm(["install", "--global", "--prefix", prefix, "--offline", "--no-audit", "--no-fund", `./${tarball}`], dir);
  return path.join(prefix, "bin/oh-my-qwencoder");
}

/** Every file of a project but git's own, with its bytes' hash and whether it can be run. */
export async function tree(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.map((entry) => path.join(entry.parentPath, entry.name));
  const rows = files
    .map((file) => ({ file, name: path.relative(dir, file) }))
    .filter(({ name }) => name !== ".git" && !name.startsWith(".git/"))
    .map(async ({ file, name }) => {
      const { mode } = await stat(file);
      const what =
        (mode & 0o170000) === 0o040000
          ? "folder"
          : createHash("sha256")
              .update(await readFile(file))
              .digest("hex");
      return [name, `${(mode & 0o777).toString(8)} ${what}`] as const;
    });
  return Object.fromEntries((await Promise.all(rows)).sort());
}
