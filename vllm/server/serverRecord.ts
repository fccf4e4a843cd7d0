import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { hasCode } from "../../src/ports/thrown.ts";

const processSchema = z.object({
  pid: z.number().int().positive(),
  /** Start time in clock ticks; "" where there is no /proc. Tells a process from a later one with its number. */
  started: z.string(),
});
/** A process that can be told from a later one with the same number. */
export type ProcessId = z.infer<typeof processSchema>;

const recordSchema = z.object({
  /** vLLM itself, the leader of its process group; null between two runs of a supervised one. */
  server: processSchema.nullable(),
  /** The process that restarts it. */
  supervisor: processSchema.nullable(),
  host: z.string(),
  port: z.number().int(),
  servedName: z.string(),
  /** What it was started by; absent in records of before that was kept. */
  recipe: z.string().optional(),
  log: z.string(),
});
/** What is kept of a started server: one file per port in the state directory. */
export type ServerRecord = z.infer<typeof recordSchema>;

/** Directory of records and logs in the product's state directory. */
export const serverDir = (stateDir: string): string => join(stateDir, "vllm");
export const recordFile = (stateDir: string, port: number): string => join(serverDir(stateDir), `${port}.json`);
export const logFile = (stateDir: string, port: number): string => join(serverDir(stateDir), `${port}.log`);

/** Identifies a process; field 22 of /proc/<pid>/stat, see proc(5). */
export async function identify(pid: number): Promise<ProcessId> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return { pid, started: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "" };
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return { pid, started: "" };
    throw error;
  }
}

/** Whether it still runs (a zombie does not), and is still the same process. */
export async function isAlive(id: ProcessId | null): Promise<boolean> {
  if (id === null) return false;
  try {
    process.kill(id.pid, 0);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    if (!hasCode(error, "EPERM")) throw error;
  }
  if (id.started === "") return true;
  const stat = await readFile(`/proc/${id.pid}/stat`, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT", "ESRCH")) return "";
    throw error;
  });
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[19] === id.started && fields[0] !== "Z";
}

export async function writeRecord(stateDir: string, record: ServerRecord): Promise<void> {
  const file = recordFile(stateDir, record.port);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

export async function removeRecord(stateDir: string, port: number): Promise<void> {
  await rm(recordFile(stateDir, port), { force: true });
}

/** The record of a port, or undefined where there is none or it is damaged. */
export async function readRecord(stateDir: string, port: number): Promise<ServerRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(recordFile(stateDir, port), "utf8")));
  } catch (error) {
    if (hasCode(error, "ENOENT") || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** Whether the server or what restarts it runs. */
export async function runs(record: ServerRecord): Promise<boolean> {
  return (await isAlive(record.server)) || (await isAlive(record.supervisor));
}

/** Records of the servers that run, and of those that ended without having been stopped, by port. Damaged ones are removed. */
export async function recordedServers(stateDir: string): Promise<{ running: ServerRecord[]; ended: ServerRecord[] }> {
  const names = await readdir(serverDir(stateDir)).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  const ports = names.flatMap((name) => (/^\d+\.json$/.test(name) ? [Number.parseInt(name, 10)] : []));
  const running: ServerRecord[] = [];
  const ended: ServerRecord[] = [];
  for (const port of ports.sort((a, b) => a - b)) {
    const record = await readRecord(stateDir, port);
    if (record) ((await runs(record)) ? running : ended).push(record);
    else await removeRecord(stateDir, port);
  }
  return { running, ended };
}
