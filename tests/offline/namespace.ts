import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { z } from "zod";

/** Port of the recording proxy inside the namespace; `HTTP_PROXY` names it where a run sets it. */
export const PROXY = "http://127.0.0.1:3128";

const INSIDE = fileURLToPath(new URL("./inside.mjs", import.meta.url));

const reportSchema = z.object({
  code: z.number().nullable(),
  signal: z.string().nullable(),
  ms: z.number(),
  stdout: z.string(),
  stderr: z.string(),
  names: z.array(z.string()),
  proxied: z.array(z.string()),
  model: z.array(z.object({ ms: z.number(), host: z.string(), path: z.string() })),
  noRoute: z.object({ v4: z.number(), v6: z.number() }),
});

export interface OfflineRun extends z.infer<typeof reportSchema> {
  /** Every recorded try to reach anything but this machine's loopback: the test's one figure, empty where nothing left. */
  attempts: string[];
  /** Whether system calls were recorded too (strace is there), beside the resolver, the proxy and the kernel's counters. */
  traced: boolean;
}

export interface OfflineTask {
  cwd: string;
  env: Record<string, string>;
  command: readonly string[];
  timeoutMs: number;
  /** Port of a scripted model inside the namespace; none where the command brings its own. */
  model?: number;
}

const NAMESPACE = ["--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc", "--tmpfs", "/run"];
// All capabilities of this namespace, so that bwrap works inside it as it does outside.
const UNSHARED = ["--unshare-net", "--unshare-pid", "--cap-add", "ALL", "--die-with-parent"];

/** Why no such namespace can be made here; undefined where it can, a sandbox inside it included. */
export function whyNoNamespace(): string | undefined {
  const inner = ["bwrap", "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "true"];
  const trial = spawnSync("bwrap", [...NAMESPACE, ...UNSHARED, "--", ...inner], { encoding: "utf8" });
  if (trial.status === 0) return undefined;
  return trial.error?.message ?? (trial.stderr.trim() || `bwrap ended with ${trial.status}`);
}

export function hasStrace(): boolean {
  const inner = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect", "-o", "/dev/null", "true"];
  return spawnSync("bwrap", [...NAMESPACE, ...UNSHARED, "--", ...inner]).status === 0;
}

/** Runs a command where the only network is a loopback of its own, and records every way out that it tries. */
export async function runOffline(task: OfflineTask): Promise<OfflineRun> {
  const dir = await mkdtemp(path.join(tmpdir(), "aegis-offline-"));
  try {
    const resolv = path.join(dir, "resolv.conf");
    await writeFile(resolv, "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n");
    const out = path.join(dir, "report.json");
    const trace = hasStrace() ? path.join(dir, "trace") : undefined;
    const target = existsSync("/etc/resolv.conf") ? realpathSync("/etc/resolv.conf") : undefined;
    const args = [
      ...NAMESPACE,
      ...(target === undefined ? [] : ["--ro-bind", resolv, target]),
      ...UNSHARED,
      ...["--", process.execPath, INSIDE, JSON.stringify({ ...task, out, trace })],
    ];
    const ran = await execa("bwrap", args, { reject: false, timeout: task.timeoutMs + 30_000, stdin: "ignore" });
    if (!existsSync(out)) throw new Error(`nothing was recorded: ${ran.stderr || ran.shortMessage}`);
    const report = reportSchema.parse(JSON.parse(await readFile(out, "utf8")));
    const calls = trace === undefined ? [] : leaving(await readFile(trace, "utf8"));
    const { v4, v6 } = report.noRoute;
    const attempts = [
      ...report.names.map((name) => `resolved ${name}`),
      ...report.proxied.map((request) => `asked the proxy: ${request}`),
      ...(v4 + v6 > 0 ? [`${v4 + v6} packets found no route`] : []),
      ...calls,
    ];
    return { ...report, attempts, traced: trace !== undefined };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** System calls of a trace whose address is not loopback, or that ask a resolver. */
export function leaving(trace: string): string[] {
  return trace.split("\n").filter((line) => {
    const address = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/u.exec(line);
    const host = address?.[1] ?? address?.[2];
    const isForeign = host !== undefined && !/^127\.|^::1$|^::ffff:127\./u.test(host);
    return isForeign || /sin6?_port=htons\((?:53|853)\)/u.test(line) || /systemd\/resolve|avahi/u.test(unixPath(line));
  });
}

function unixPath(line: string): string {
  return /sun_path=@?"([^"]*)"/u.exec(line)?.[1] ?? "";
}
