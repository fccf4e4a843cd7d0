// `npm run check:package`: looks at the package as npm would publish it, and installed alone. Ends with 1 where something
// is not as it has to be; what was built last is what is looked at.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { prepareBuilt, root } from "./fromClone.mjs";
import { installAlone, pack } from "./packed.mjs";

const MOST_TARBALL_MB = 8;
const MOST_INSTALLED_MB = 60;
const PRESENT = [
  ...["LICENSE", "README.md", "README.ko.md", "CHANGELOG.md", "aegis.schema.json", "agents/commander.md"],
  ...["bin/oh-my-qwencoder.js", "dist/plugin.js", "dist/tui.js", "dist/cli.js", "dist/hud.js", "dist/index.js"],
  ...["dist/simulate-vllm.js", "dist/redisClients.js", "dist/dashboard.html", "dist/THIRD-PARTY-NOTICES.txt"],
  ...["dist/types/src/index.d.ts", "scripts/aegis-shell/bash", "scripts/start-vllm.sh", "templates/demo-project"],
];
const EXECUTABLE = ["bin/oh-my-qwencoder.js", "scripts/aegis-shell/bash", "scripts/start-vllm.sh"];
/** What is no user's business, or far too large. */
const ABSENT = ["src", "plugin", "tests", "vllm", ".aegis", ".ci", ".changeset", "node_modules/opencode-ai"];
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"];
const CONSUMER = `
import { checkScopes, type Config, configSchema, fold, ParallelExecutor, type TaskResult } from "oh-my-qwencoder";
const config: Config = configSchema.parse({});
export const workers: number = config.swarm.maxWorkers;
// @ts-expect-error: it is a number, so the types are there indeed
export const text: string = config.swarm.maxWorkers;
export const used = [new ParallelExecutor({}), checkScopes([]), fold([])];
export type { TaskResult };
`;
const RUN = `
import { checkScopes, configSchema } from "oh-my-qwencoder";
import plugin from "oh-my-qwencoder/server";
const { redisClients } = await import("./node_modules/oh-my-qwencoder/dist/redisClients.js");
const overlap = checkScopes([{ name: "a", fileScope: ["src/**"] }, { name: "b", fileScope: ["src/b/*.ts"] }]);
if (configSchema.parse({}).swarm.maxWorkers !== 8) throw new Error("the library does not work");
if (overlap.ok || !overlap.overlaps[0].witness.startsWith("src/b/")) throw new Error("scopes are not compared");
if (typeof plugin.server !== "function") throw new Error("the plugin has no server");
for (const part of [redisClients.Queue, redisClients.Redis]) if (typeof part !== "function") throw new Error("jobs over Redis cannot be loaded");
`;

const faults = [];
const check = (what, found) => {
  const bad = [found].flat().filter((each) => each !== undefined && each !== false);
  console.log(`${bad.length === 0 ? "ok  " : "FAIL"} ${what}${bad.length === 0 ? "" : `: ${bad.join("; ")}`}`);
  faults.push(...bad);
};
const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;

function filesBelow(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Kilobytes on disk, blocks counted whole. */
const diskUse = (dir) => Number(execFileSync("du", ["-sk", dir], { encoding: "utf8" }).split("\t")[0]);

function attempt(what, program, args, cwd) {
  try {
    execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    check(what);
  } catch (error) {
    check(what, (error.stdout + error.stderr).trim() || String(error));
  }
}

async function lookAt(dir) {
  const tarball = pack(dir);
  const folder = installAlone(tarball, join(dir, "project"));
  const project = join(dir, "project");
  const ours = filesBelow(folder).filter((file) => !relative(folder, file).startsWith("node_modules"));
  const size = statSync(tarball).size;
  const installed = diskUse(join(project, "node_modules"));
  check(`the tarball has ${megabytes(size)} MB`, size > MOST_TARBALL_MB * 1e6 && `more than ${MOST_TARBALL_MB} MB`);
  check(
    `${Math.ceil(installed / 1024)} MB installed, with no registry and an empty cache`,
    installed > MOST_INSTALLED_MB * 1024 && `more than ${MOST_INSTALLED_MB} MB`,
  );
  check(
    "what has to be in it is",
    PRESENT.filter((name) => !existsSync(join(folder, name))),
  );
  check(
    "what is nobody's business is not",
    ABSENT.filter((name) => existsSync(join(folder, name))),
  );
  check(
    "programs can be run",
    EXECUTABLE.filter((name) => (statSync(join(folder, name)).mode & 0o111) !== 0o111),
  );
  check(
    "no file names this checkout's place",
    ours.filter((file) => readFileSync(file).includes(root)).map((file) => relative(folder, file)),
  );
  const manifests = filesBelow(join(project, "node_modules")).filter((file) => file.endsWith("/package.json"));
  check(
    `none of ${manifests.length} packages and parts runs a script when it is installed`,
    manifests.filter((file) => {
      const { scripts = {}, gypfile } = JSON.parse(readFileSync(file, "utf8"));
      return gypfile === true || INSTALL_SCRIPTS.some((name) => name in scripts);
    }),
  );
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  check(
    "publint finds nothing",
    messages.map((message) => formatMessage(message, pkg, { color: false })),
  );
  attempt("the command line starts", join(project, "node_modules/.bin/oh-my-qwencoder"), ["--version"], project);
  writeFileSync(join(project, "run.js"), RUN);
  attempt("library, plugin and Redis can be loaded", process.execPath, ["run.js"], project);
  writeFileSync(join(project, "use.ts"), CONSUMER);
  for (const [module, resolution] of [
    ["node16", "node16"],
    ["esnext", "bundler"],
  ]) {
    const options = [
      "--noEmit",
      "--strict",
      "--target",
      "es2023",
      "--module",
      module,
      "--moduleResolution",
      resolution,
    ];
    const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    attempt(`its types resolve (${resolution})`, process.execPath, [tsc, ...options, ...types, "use.ts"], project);
  }
}

await prepareBuilt();
const dir = mkdtempSync(join(tmpdir(), "omq-package-"));
try {
  await lookAt(dir);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (faults.length > 0) process.exitCode = 1;
