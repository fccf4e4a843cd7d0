// `npm run test:node [-- --versions 20.19.0,22,24 --parts tarball,clone --json FILE]`: the package under other versions of Node. For each it
// gets the binary from the registry and, as `tarball`, installs the tarball alone, starts the command line, has the doctor look, and plays the
// demo on real OpenCode; as `clone` it runs `npm run demo` and the quick part of `npm test` in a fresh clone of what is
// committed. Not part of the tests of a commit: it needs a registry and minutes.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { prepareBuilt, root } from "./fromClone.mjs";
import { installAlone, pack } from "./packed.mjs";

const { values } = parseArgs({
  options: {
    versions: { type: "string", default: "20.19.0,22,24" },
    parts: { type: "string", default: "tarball" },
    json: { type: "string" },
  },
});
const QUICK_TESTS = ["tests/core", "tests/config", "tests/cli"];
const parts = new Set(values.parts.split(","));
const rows = [];

/** Runs one step, notes what it took and what was seen of it, and goes on after a failure. */
function step(version, what, act) {
  const begun = performance.now();
  const row = { node: version, step: what, ok: true, seen: "" };
  try {
    row.seen = act() ?? "";
  } catch (error) {
    row.ok = false;
    row.seen = String(error.message).slice(-2000);
  }
  row.seconds = Math.round((performance.now() - begun) / 100) / 10;
  rows.push(row);
  console.log(
    `${row.ok ? "ok  " : "FAIL"} Node ${version} ${what}: ${row.seconds} s${row.seen ? `; ${row.seen}` : ""}`,
  );
}

function run(program, args, { cwd, env, codes = [0] }) {
  const done = spawnSync(program, args, { cwd, env, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (done.error) throw done.error;
  if (!codes.includes(done.status)) throw new Error(`exit code ${done.status}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** A folder with that Node's program, from the registry. */
function nodeFolder(version, dir) {
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "package.json"), "{}\n");
  execFileSync("npm", ["install", "--no-audit", "--no-fund", `${name}@${version}`], { cwd: dir, stdio: "ignore" });
  return join(dir, "node_modules", name, "bin");
}

const demoSeen = (out) => {
  const { phase, workers, seconds } = JSON.parse(out);
  if (phase !== "done") throw new Error(`the demo ended in phase ${phase}`);
  return `${workers.length} Workers, ${phase}${seconds === undefined ? "" : ` in ${seconds} s`}`;
};

function tryVersion(wanted, tarball, dir) {
  const bin = nodeFolder(wanted, join(dir, "node"));
  const home = join(dir, "home");
  mkdirSync(home);
  const { HOME: _home, ...inherited } = process.env;
  const env = { ...inherited, PATH: [bin, process.env.PATH].join(delimiter), HOME: home };
  const version = run(join(bin, "node"), ["--version"], { cwd: dir, env }).trim();
  if (parts.has("tarball")) tryTarball({ version, bin, env, tarball, project: join(dir, "project") });
  if (parts.has("clone")) tryClone({ version, env, clone: join(dir, "clone") });
}

function tryTarball({ version, bin, env, tarball, project }) {
  step(version, "install of the tarball alone", () => void installAlone(tarball, project, env));
  const program = join(project, "node_modules/.bin/oh-my-qwencoder");
  const path = [bin, join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const options = { cwd: project, env: { ...env, PATH: path } };
  step(version, "--help", () => `${run(program, ["--help"], options).split("\n").length} lines`);
  step(version, "doctor --json", () => {
    const { checks } = JSON.parse(run(program, ["doctor", "--json"], { ...options, codes: [0, 1] }));
    const node = checks.find(({ name }) => name === "node");
    if (node?.status !== "ok") throw new Error(`the doctor says of Node: ${JSON.stringify(node)}`);
    return `${checks.length} checks, node ${node.status}`;
  });
  step(version, "demo", () => demoSeen(run(program, ["demo", "--workers", "2", "--json"], options)));
}

function tryClone({ version, env, clone }) {
  execFileSync("git", ["clone", "--quiet", root, clone]);
  const there = { cwd: clone, env };
  step(version, "npm run demo in a fresh clone", () =>
    demoSeen(run("npm", ["run", "--silent", "demo", "--", "--json"], there)),
  );
  step(version, `npm test -- ${QUICK_TESTS.join(" ")} in it`, () => {
    const out = run("npm", ["test", "--", ...QUICK_TESTS, "--reporter=dot"], there);
    return /Tests .*/.exec(out)?.[0];
  });
}

await prepareBuilt();
const dir = mkdtempSync(join(tmpdir(), "omq-node-"));
try {
  const tarball = pack(dir);
  for (const version of values.versions.split(",")) tryVersion(version, tarball, mkdtempSync(join(dir, "with-")));
} finally {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
if (rows.some(({ ok }) => !ok)) process.exitCode = 1;
