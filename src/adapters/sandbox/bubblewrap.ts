import { createHash, randomUUID } from "node:crypto";
import { mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir, totalmem } from "node:os";
import path from "node:path";
import type { PreparedShell, Sandbox, SandboxProbe, SandboxRun, SandboxSpec } from "../../ports/sandbox.ts";
import { baselineArgs, homeMasks, secretNames, socketMasks } from "./baseline.ts";
import { ProjectDirError } from "./errors.ts";
import { IgnoredDirs } from "./ignoredDirs.ts";
import { NetworkAccess, type NetworkAccessOptions } from "./network/access.ts";
import { privateDirs, removeMade } from "./privateDirs.ts";
import { probeBubblewrap } from "./probe.ts";
import { type RepositoryPaths, repositoryPaths } from "./protectedDirs.ts";
import { RunningCalls } from "./runningCalls.ts";
import { scopeRules } from "./scopeRules.ts";
import { settleMixed } from "./settle.ts";
import { denyEnv, type Environment, type RunOptions, runThroughWrapper, scopeOf } from "./shellCall.ts";
import { makeStore } from "./store.ts";
import { shownArgs, worktreeView } from "./worktreeView.ts";
import { othersHidden, planWritable } from "./writable.ts";

export interface SandboxLimits {
  /** Writable private memory of one process, bytes (RLIMIT_DATA: what V8 and Go merely reserve does not count). */
  memoryBytes: number;
  /** CPU time of one process, seconds. */
  cpuSeconds: number;
  /** Processes and threads of one call. The kernel exempts root from it. */
  processes: number;
  /** Time a call may take, seconds; OpenCode's own limit of a call is the model's to choose. */
  wallSeconds: number;
}

export interface BubblewrapOptions {
  /** Absolute path of `scripts/aegis-shell/bash`. */
  wrapper: string;
  bwrap?: string;
  home?: string;
  environment?: Environment;
  limits?: Partial<SandboxLimits>;
  /** What Workers, the Commander and QA may reach; nothing without it. */
  network?: Omit<NetworkAccessOptions, "forwarder">;
}

/**
 * Kernel-enforced limits through bubblewrap. Keeps a directory under the system's temporary one for private copies and
 * for what calls wrote outside their scope; `dispose` removes it.
 */
export class BubblewrapSandbox implements Sandbox {
  private readonly wrapper: string;
  private readonly bwrap: string;
  private readonly home: string;
  private readonly environment: Environment;
  private readonly limits: SandboxLimits;
  private readonly network: NetworkAccess | undefined;
  private readonly repositories = new Map<string, Promise<RepositoryPaths>>();
  private readonly made = new Set<string>();
  private readonly calls = new RunningCalls();
  private readonly ignoredDirs = new IgnoredDirs();
  private usable: Extract<SandboxProbe, { usable: true }> | undefined;
  private store: Promise<string> | undefined;

  constructor(options: BubblewrapOptions) {
    this.wrapper = options.wrapper;
    this.bwrap = options.bwrap ?? "bwrap";
    this.home = options.home ?? homedir();
    this.environment = options.environment ?? process.env;
    this.limits = {
      memoryBytes: Math.floor(totalmem() / 2),
      cpuSeconds: 3_600,
      processes: 4_096,
      wallSeconds: 3_600,
      ...options.limits,
    };
    const forwarder = path.join(path.dirname(options.wrapper), "forward.mjs");
    this.network = options.network && new NetworkAccess({ ...options.network, forwarder });
  }

  /** A failure is tried again at the next call: the person may have mended it. */
  async probe(): Promise<SandboxProbe> {
    if (this.usable) return this.usable;
    const probe = await probeBubblewrap(this.bwrap);
    if (probe.usable) this.usable = probe;
    return probe;
  }

  /**
   * @throws ScopeNotBindableError where a scope names a link or something protected
   * @throws ProjectDirError where the project cannot be read
   */
  async prepare(spec: SandboxSpec): Promise<PreparedShell> {
    return await this.prepareWith(spec, {});
  }

  async run(spec: SandboxSpec, command: string | readonly string[], options: RunOptions): Promise<SandboxRun> {
    const binds = (options.binds ?? []).flatMap(({ from, to, write }) => [write ? "--bind" : "--ro-bind", from, to]);
    const prepared = await this.prepareWith(spec, {
      args: [...binds, "--chdir", options.cwd],
      keptNames: new Set(Object.keys(options.env ?? {})),
      // This process ends it in time; the sandbox does where this process is gone.
      wallSeconds: Math.ceil(options.timeoutMs / 1_000) + 60,
    });
    let removed: readonly string[] = [];
    let result: SandboxRun;
    try {
      result = await runThroughWrapper(this.wrapper, command, options, this.environment, prepared.env);
    } finally {
      removed = await prepared.settle();
    }
    if (removed.length === 0) return result;
    const note = `\naegis: removed what was written outside the scope: ${removed.slice(0, 20).join(", ")}\n`;
    return { ...result, output: result.output + note };
  }

  end(privateId: string): Promise<void> {
    return this.calls.end(privateId);
  }

  /** Removes private copies and everything quarantined. The object must not be used afterwards. */
  async dispose(): Promise<void> {
    await this.network?.close();
    await removeMade([...this.made]);
    if (this.store) await rm(await this.store, { recursive: true, force: true });
  }

  private async prepareWith(
    spec: SandboxSpec,
    call: { args?: readonly string[]; keptNames?: ReadonlySet<string>; wallSeconds?: number },
  ): Promise<PreparedShell> {
    const probe = await this.probe();
    if (!probe.usable) return { env: denyEnv(probe.reason, probe.mend), settle: async () => [] };
    const projectDir = await realpath(spec.projectDir).catch((error: unknown) => {
      throw new ProjectDirError(spec.projectDir, error);
    });
    const treeDir = spec.worktree ? await this.treeDir(spec.worktree.dir) : projectDir;
    const repository = await this.repository(treeDir);
    const inside = (entry: string) => path.relative(treeDir, entry);
    const isInside = (entry: string) => !inside(entry).startsWith("..") && inside(entry) !== "";
    const isShown = (entry: string) => entry.startsWith(`${projectDir}/`);
    const outerGitDirs = repository.gitDirs.filter((dir) => !isInside(dir));
    const alsoProtected = [
      ...[...repository.gitDirs, ...(repository.hooksDir ? [repository.hooksDir] : [])].filter(isInside).map(inside),
      ...repository.submoduleGit,
    ];
    const rules = scopeRules(scopeOf(spec), spec.except ?? [], alsoProtected);
    const own = await this.privateStore(spec.privateId);
    const baseline = baselineArgs({ privateTmp: own.tmp, environment: this.environment });
    const hasPrivateDirs = spec.role === "worker" || spec.role === "qa";
    const shown = spec.worktree ? await shownArgs(treeDir, projectDir, spec.worktree.shown) : [];
    const outputs = hasPrivateDirs
      ? await privateDirs(treeDir, own.dirs, rules, this.ignoredDirs, projectDir)
      : { args: [], made: [] };
    for (const dir of outputs.made) this.made.add(dir);
    // After the mount points were made: what stands now is what the call finds, the rest is the call's.
    const plan = await planWritable(treeDir, rules, projectDir);
    const masks = homeMasks(this.home, this.environment);
    const masksOf = (within: boolean) =>
      masks.filter(({ target }) => isShown(target) === within).flatMap((mask) => mask.args);
    const args = [
      ...baseline,
      ...masksOf(false),
      // The private /tmp (or a covered part of the home) may hide the project and its git directory: back over it.
      ...(spec.worktree
        ? await worktreeView(treeDir, projectDir, repository, path.join(own.dirs, "gitfile"))
        : ["--ro-bind", projectDir, projectDir, ...outerGitDirs.flatMap((dir) => ["--ro-bind-try", dir, dir])]),
      ...plan.args,
      ...(spec.worktree ? shown : othersHidden(projectDir)),
      ...outputs.args,
      // Last, because a bind brings back what lies below it: sockets in the project, secrets where the home is the project.
      ...masksOf(true),
      ...(await socketMasks(projectDir)),
      ...(spec.cwd === undefined ? [] : ["--chdir", spec.cwd]),
      ...Object.entries(spec.env ?? {}).flatMap(([name, value]) => ["--setenv", name, value]),
      ...(call.args ?? []),
    ];
    const reachesOut = spec.role !== "scout" && spec.role !== "librarian";
    const network = reachesOut && this.store ? await this.network?.forCall(await this.store) : undefined;
    args.push(...(network?.args ?? []));
    const argsFile = path.join(own.calls, randomUUID());
    await writeFile(argsFile, args.map((arg) => `${arg}\0`).join(""), { mode: 0o600 });
    this.calls.begun(spec.privateId, argsFile);
    const settle = async () => {
      const input = {
        projectDir: treeDir,
        rules,
        before: plan.mixed,
        open: plan.open,
        quarantineDir: path.join(own.quarantine, path.basename(argsFile)),
      };
      await this.calls.over(spec.privateId, argsFile);
      return plan.mixed.size + plan.open.size === 0 ? [] : await settleMixed(input);
    };
    let settled: Promise<readonly string[]> | undefined;
    return {
      env: {
        ...this.wrapperEnv(argsFile, { ...call, lasting: spec.lasting === true }),
        ...(network ? { AEGIS_SANDBOX_PORTS: network.ports } : {}),
      },
      settle: () => {
        settled ??= settle();
        return settled;
      },
    };
  }

  private async treeDir(dir: string): Promise<string> {
    return await realpath(dir).catch((error: unknown) => {
      throw new ProjectDirError(dir, error);
    });
  }

  private wrapperEnv(
    argsFile: string,
    call: { keptNames?: ReadonlySet<string>; wallSeconds?: number; lasting: boolean },
  ): Record<string, string> {
    const { memoryBytes, cpuSeconds, processes, wallSeconds } = { ...this.limits, ...call };
    const times = call.lasting ? ["", ""] : [cpuSeconds, wallSeconds];
    const unset = secretNames(this.environment).filter((name) => !call.keptNames?.has(name));
    return {
      AEGIS_SANDBOX: "bwrap",
      AEGIS_SANDBOX_ARGS: argsFile,
      AEGIS_SANDBOX_BWRAP: this.bwrap,
      AEGIS_SANDBOX_LIMITS: `${Math.floor(memoryBytes / 1024)}:${times[0]}:${processes}:${times[1]}`,
      AEGIS_SANDBOX_UNSET: unset.join(" "),
    };
  }

  private repository(projectDir: string): Promise<RepositoryPaths> {
    const known = this.repositories.get(projectDir) ?? repositoryPaths(projectDir);
    this.repositories.set(projectDir, known);
    return known;
  }

  private async privateStore(privateId: string): Promise<Record<"tmp" | "dirs" | "calls" | "quarantine", string>> {
    this.store ??= makeStore(tmpdir());
    // An id may hold anything; its hash is a safe directory name.
    const own = path.join(await this.store, createHash("sha256").update(privateId).digest("hex").slice(0, 16));
    const dirs = { tmp: `${own}/tmp`, dirs: `${own}/dirs`, calls: `${own}/calls`, quarantine: `${own}/removed` };
    await Promise.all(Object.values(dirs).map((dir) => mkdir(dir, { recursive: true })));
    return dirs;
  }
}
