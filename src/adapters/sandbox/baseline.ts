import { readdirSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { entryAt, isDirectoryAt, realPathOf } from "./entryAt.ts";

export interface BaselineOptions {
  /** Host directory that becomes /tmp inside. */
  privateTmp: string;
  /** The environment the command would inherit: names of secrets are read from it, never their values. */
  environment: Readonly<Record<string, string | undefined>>;
}

/** One covered path and bwrap's arguments that cover it. */
export interface Mask {
  target: string;
  args: string[];
}

/** Directories of a home that hold credentials; an empty directory stands in their place. */
const SECRET_DIRS = [
  ".ssh",
  ".aws",
  ".gnupg",
  ".docker",
  ".kube",
  ".azure",
  ".password-store",
  ".mozilla",
  ".config/gh",
  ".config/gcloud",
  ".config/hub",
  ".config/op",
  ".config/google-chrome",
  ".config/chromium",
  ".local/share/opencode",
  ".local/share/keyrings",
  ".vscode-server",
];
/** Files of a home that hold credentials; an empty file stands in their place. */
const SECRET_FILES = [
  ".netrc",
  ".npmrc",
  ".pypirc",
  ".git-credentials",
  ".pgpass",
  ".my.cnf",
  ".vault-token",
  ".terraformrc",
  ".config/git/credentials",
  ".cargo/credentials",
  ".cargo/credentials.toml",
  ".gem/credentials",
  ".yarnrc.yml",
  ".m2/settings.xml",
  ".gradle/gradle.properties",
  ".bash_history",
  ".zsh_history",
  ".python_history",
  ".node_repl_history",
];

/** Names of environment variables that carry secrets or lead to a socket of the host. */
const SECRET_NAME =
  /(API_?KEY|ACCESS_KEY|SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|PRIVATE_KEY)(_|$)|^(SSH_AUTH_SOCK|SSH_AGENT_PID|GPG_AGENT_INFO|DBUS_.*|DOCKER_HOST|CONTAINER_HOST|KUBECONFIG|XDG_RUNTIME_DIR|WAYLAND_DISPLAY|DISPLAY|XAUTHORITY|OPENCODE_CONFIG_CONTENT|OPENCODE_SERVER_.*|TMUX|VSCODE_IPC_HOOK.*)$/i;

/** Writable by root's user id although every capability is gone: `core_pattern` alone would run a program on the host. */
const PROC_READ_ONLY = [
  "/proc/sys",
  "/proc/sysrq-trigger",
  "/proc/irq",
  "/proc/bus",
  "/proc/fs",
  "/proc/acpi",
  "/proc/scsi",
];

/** Tools that insist on writing caches get them in the private /tmp. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  TMPDIR: "/tmp",
  TMP: "/tmp",
  TEMP: "/tmp",
  XDG_CACHE_HOME: "/tmp/.cache",
  npm_config_cache: "/tmp/.cache/npm",
  npm_config_update_notifier: "false",
  PYTHONDONTWRITEBYTECODE: "1",
  // Without it `git status` would want to refresh the read-only index.
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
};

/** Names in `environment` that must not reach a sandboxed command. */
export function secretNames(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment).filter((name) => SECRET_NAME.test(name) && /^[A-Za-z_]\w*$/.test(name));
}

/**
 * bwrap's arguments for everything that does not depend on the scope: a read-only root, private /tmp, empty /run, own
 * network, processes and IPC, no capabilities. The project is bound after these.
 */
export function baselineArgs(options: BaselineOptions): string[] {
  const args = [
    ["--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"],
    ["--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"],
    ...PROC_READ_ONLY.map((entry) => ["--ro-bind-try", entry, entry]),
    ["--bind", options.privateTmp, "/tmp", "--tmpfs", "/run"],
  ].flat();
  if (isDirectoryAt("/var/run")) args.push("--tmpfs", "/var/run");
  for (const [name, value] of Object.entries(ENVIRONMENT)) args.push("--setenv", name, value);
  return args;
}

/** Covers over a home's secrets, each with the path it lies on. */
export function homeMasks(home: string, environment: BaselineOptions["environment"]): Mask[] {
  const under = (name: string) => path.join(home, name);
  const dataHome = environment.XDG_DATA_HOME;
  const dirs = [...SECRET_DIRS.map(under), ...(dataHome ? [path.join(dataHome, "opencode")] : [])];
  const dotEnv = namesIn(home).filter((name) => /^\.env(\.|$)/.test(name));
  const files = [...SECRET_FILES, ...dotEnv].map(under);
  return [...dirs, ...files].flatMap((entry) => maskOf(entry) ?? []);
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** Covers an existing entry. Dotfile managers link such files, and bwrap mounts on no link: the target is covered. */
function maskOf(entry: string): Mask | undefined {
  const target = realPathOf(entry);
  const info = target === undefined ? undefined : entryAt(target);
  if (target === undefined || info === undefined) return undefined;
  const args = info.isDirectory()
    ? ["--tmpfs", target, "--remount-ro", target]
    : ["--ro-bind-try", "/dev/null", target];
  return { target, args };
}

/**
 * Covers over the host's Unix sockets: a read-only mount does not keep a program from connecting to one. Those that the
 * private /tmp and /run hide are left out, except inside the project, which is bound over them.
 */
export async function socketMasks(projectDir: string): Promise<string[]> {
  const table = await readFile("/proc/net/unix", "utf8").catch(() => "");
  const hidden = /^\/(run|var\/run|tmp|dev|proc|sys)\//;
  // `@` begins an abstract name: those belong to the host's network, which is not there inside.
  const bound = table.split("\n").flatMap((line) => /^\S+: (?:\S+ ){5}\s*\d+ ([^@].*)$/.exec(line)?.[1] ?? []);
  const relative = bound.filter((name) => !path.isAbsolute(name));
  const places = relative.length === 0 ? [] : await workingDirectories();
  const paths = new Set([
    ...bound.filter((name) => path.isAbsolute(name)),
    ...relative.slice(0, 100).flatMap((name) => places.map((place) => path.resolve(place, name))),
  ]);
  const sockets: string[] = [];
  for (const entry of paths) {
    const isVisible = !hidden.test(entry) || entry.startsWith(`${projectDir}/`);
    if (isVisible && entryAt(entry)?.isSocket()) sockets.push(entry);
  }
  return sockets.slice(0, 100).flatMap((socket) => ["--ro-bind-try", "/dev/null", socket]);
}

/** Where this machine's processes are: a socket bound by a relative name lies below one of these, most likely its owner's. */
async function workingDirectories(): Promise<string[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/u.test(name));
  const found = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)));
  return [...new Set(found.flatMap((place) => place ?? []))];
}
