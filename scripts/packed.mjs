// The package as npm would publish it, and installed alone: from its tarball, with no registry and an empty cache.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./fromClone.mjs";

const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const quiet = { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };

/** Packs what was built last; resolves to the tarball's path. */
export function pack(dir) {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", dir];
  const said = JSON.parse(execFileSync(npm, args, { ...quiet, cwd: root, maxBuffer: 64 * 1024 * 1024 }));
  // A list, and with npm 11 an object by names.
  const [{ filename }] = Object.values(said);
  return join(dir, filename);
}

/** Installs a tarball into an empty project; returns the installed package's folder. */
export function installAlone(tarball, dir, env = process.env) {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "package.json"), '{ "name": "somebody", "private": true, "type": "module" }\n');
  const args = ["install", "--offline", "--cache", join(dir, ".npm-cache"), "--no-audit", "--no-fund", tarball];
  execFileSync(npm, args, { ...quiet, cwd: dir, env });
  return join(dir, "node_modules", "oh-my-qwencoder");
}
