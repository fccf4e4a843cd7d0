// What a fresh clone needs before anything of it can run. Each step is skipped where its result is there and newer than
// what it is made from; everything said on the way goes to stderr.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** Milliseconds since the epoch of the newest file below a path; 0 where there is nothing. */
function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/**
 * Runs a program to its end; resolves with its exit code. Ctrl-C reaches it too (same terminal): this process only waits
 * for it to clean up.
 */
export function run(command, args, { stdio = "inherit", env = process.env, cwd = process.cwd() } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio, shell: false });
    const pass = (signal) => child.kill(signal);
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, pass);
    const end = (code) => {
      for (const signal of signals) process.off(signal, pass);
      resolve(code);
    };
    child.once("error", (error) => {
      console.error(`${command} did not start: ${error.message}`);
      end(1);
    });
    child.once("close", (code, signal) => end(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

async function step(what, command, args) {
  console.error(`set-up: ${what} (${[command, ...args].join(" ")})`);
  const code = await run(command, args, { stdio: ["ignore", 2, 2], cwd: root });
  if (code !== 0) {
    console.error(`set-up: ${command} failed with exit code ${code}; its output is above.`);
    process.exit(code);
  }
}

/** `npm ci` where node_modules is missing or older than the lock file. */
async function install() {
  const installed = newest(join(root, "node_modules", ".package-lock.json"));
  if (installed !== 0 && installed >= newest(join(root, "package-lock.json"))) return;
  await step("installing the dependencies", npm, ["ci", "--no-audit", "--no-fund"]);
}

/** `npm run build` where a bundle is missing or older than the sources. */
async function build() {
  const sources = ["src", "plugin", "vllm", "agents", "package.json"].concat(
    ["build", "notices", "treeShakenRefa"].map((name) => `scripts/${name}.mjs`),
  );
  const built = ["dist/cli.js", "dist/plugin.js", "dist/index.js"];
  const made = Math.min(...built.map((name) => newest(join(root, name))));
  if (made >= Math.max(...sources.map((name) => newest(join(root, name))))) return;
  await step("building", process.execPath, ["scripts/build.mjs"]);
}

/** Dependencies and bundles. Ends the process where one of them cannot be had. */
export async function prepareBuilt() {
  await install();
  await build();
}

/** The same, and bubblewrap where it can be had. */
export async function prepare() {
  await prepareBuilt();
  if (process.platform === "linux")
    await run("sh", [join(root, "scripts", "setup-dev.sh")], { stdio: ["ignore", 2, 2] });
}
