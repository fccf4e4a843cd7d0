import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";

type Env = Readonly<Record<string, string | undefined>>;

/** Comes with the driver. */
const NVIDIA_SMI = "nvidia-smi";

/** Memory of one GPU in GiB. */
export interface GpuMemory {
  index: string;
  uuid: string;
  totalGib: number;
  freeGib: number;
}

/** What nvidia-smi says of the GPUs; undefined where it is not there or fails. */
export async function gpuMemory(env: Env): Promise<GpuMemory[] | undefined> {
  const asked = await execa(
    NVIDIA_SMI,
    ["--query-gpu=index,uuid,memory.total,memory.free", "--format=csv,noheader,nounits"],
    { env: { ...env }, extendEnv: false, reject: false, timeout: 20_000 },
  );
  if (asked.failed) return undefined;
  return asked.stdout.split("\n").flatMap((line) => {
    const [index, uuid, total, free] = line.split(",").map((part) => part.trim());
    if (index === undefined || uuid === undefined || !/^\d+$/.test(total ?? "") || !/^\d+$/.test(free ?? "")) return [];
    return [{ index, uuid, totalGib: Number(total) / 1024, freeGib: Number(free) / 1024 }];
  });
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "code" in error)) return undefined;
    throw error;
  }
}

/**
 * A model's config.json on this machine: in the directory the name is, or in Hugging Face's cache (HF_HUB_CACHE, HF_HOME,
 * `~/.cache/huggingface`); undefined where it is not here.
 */
export async function localModelConfig(model: string, env: Env, cwd: string): Promise<unknown> {
  const inDirectory = await readJson(join(resolve(cwd, model), "config.json"));
  if (inDirectory !== undefined) return inDirectory;
  const home = env.HF_HOME || join(env.HOME || homedir(), ".cache", "huggingface");
  const hub = env.HF_HUB_CACHE || join(home, "hub");
  const snapshots = join(hub, `models--${model.replaceAll("/", "--")}`, "snapshots");
  const names = await readdir(snapshots).catch((error: unknown) => {
    if (error instanceof Error && "code" in error) return [];
    throw error;
  });
  for (const name of names) {
    const config = await readJson(join(snapshots, name, "config.json"));
    if (config !== undefined) return config;
  }
  return undefined;
}
