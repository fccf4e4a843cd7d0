import { createHash, randomUUID } from "node:crypto";
import { mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { seatbeltProfile, type WriteRule } from "../../core/sandbox/seatbeltProfile.ts";
import type { PreparedShell, Sandbox, SandboxProbe, SandboxRun, SandboxSpec } from "../../ports/sandbox.ts";
import { homeMasks, secretNames } from "./baseline.ts";
import { ProjectDirError } from "./errors.ts";
import { repositoryPaths } from "./protectedDirs.ts";
import { scopeRules } from "./scopeRules.ts";
import { settleMixed } from "./settle.ts";
import { denyEnv, type Environment, type RunOptions, runThroughWrapper, scopeOf } from "./shellCall.ts";
import { makeStore } from "./store.ts";
import { planWritable } from "./writable.ts";

export interface SeatbeltOptions {
  /** Absolute path of `scripts/aegis-shell/bash`. */
  wrapper: string;
  sandboxExec?: string;
  home?: string;
  environment?: Environment;
}

/**
 * The sandbox on macOS: `sandbox-exec` with a profile of the call's own. It knows no mounts, so nothing can be shown in
 * another place: a Worker's own tree and a declared network are refused. Never run on a real macOS by this project's tests.
 */
export class SeatbeltSandbox implements Sandbox {
  private readonly wrapper: string;
  private readonly sandboxExec: string;
  private readonly home: string;
  private readonly environment: Environment;
  private store: Promise<string> | undefined;

  constructor({
    wrapper,
    sandboxExec = "/usr/bin/sandbox-exec",
    home = homedir(),
    environment = process.env,
  }: SeatbeltOptions) {
    this.wrapper = wrapper;
    this.sandboxExec = sandboxExec;
    this.home = home;
    this.environment = environment;
  }

  async probe(): Promise<SandboxProbe> {
    const { execa } = await import("execa");
    const trial = await execa(this.sandboxExec, ["-p", "(version 1)(allow default)", "/usr/bin/true"], {
      reject: false,
      stdin: "ignore",
      timeout: 10_000,
    });
    if (trial.exitCode === 0) return { usable: true, kind: "seatbelt", version: "macOS" };
    const reason = `\`${this.sandboxExec}\` made no sandbox: ${String(trial.stderr ?? "").trim() || (trial.code ?? trial.exitCode)}`;
    return { usable: false, reason, mend: "Run it by hand outside of any other sandbox, and see what macOS says." };
  }

  /**
   * @throws ScopeNotBindableError where a scope names a link or something protected
   * @throws ProjectDirError where the project cannot be read
   */
  async prepare(spec: SandboxSpec): Promise<PreparedShell> {
    const probe = await this.probe();
    const settleNothing = async () => [];
    if (!probe.usable) return { env: denyEnv(probe.reason, probe.mend), settle: settleNothing };
    if (spec.worktree) {
      const mend = 'Set swarm.isolation to "shared".';
      return { env: denyEnv("macOS cannot show a Worker its own tree", mend), settle: settleNothing };
    }
    if (Object.keys(spec.env ?? {}).length > 0) {
      // Without a way to set them inside alone, they would reach the wrapper: BASH_ENV is a program it runs.
      const mend = "Take `environment` out of this server's entry.";
      return { env: denyEnv("macOS cannot set variables inside the sandbox alone", mend), settle: settleNothing };
    }
    const projectDir = await realpath(spec.projectDir).catch((error: unknown) => {
      throw new ProjectDirError(spec.projectDir, error);
    });
    const repository = await repositoryPaths(projectDir);
    const guarded = [...repository.gitDirs, ...(repository.hooksDir ? [repository.hooksDir] : [])];
    const inside = guarded.map((dir) => path.relative(projectDir, dir)).filter((dir) => !dir.startsWith(".."));
    const rules = scopeRules(scopeOf(spec), spec.except ?? [], [...inside, ...repository.submoduleGit]);
    const plan = await planWritable(projectDir, rules);
    const own = await this.ownDir(spec.privateId);
    const hidden = homeMasks(this.home, this.environment).map(({ target }) => target);
    const profile = path.join(own, randomUUID());
    const text = seatbeltProfile({ writes: writeRules(plan.args), hidden, tmp: path.join(own, "tmp") });
    await writeFile(profile, text, { mode: 0o600 });
    const settle = async () => {
      const quarantineDir = path.join(own, "removed", path.basename(profile));
      await rm(profile, { force: true });
      return settleMixed({ projectDir, rules, before: plan.mixed, open: plan.open, quarantineDir });
    };
    let settled: Promise<readonly string[]> | undefined;
    return {
      env: {
        AEGIS_SANDBOX: "seatbelt",
        AEGIS_SANDBOX_ARGS: profile,
        AEGIS_SANDBOX_BWRAP: this.sandboxExec,
        AEGIS_SANDBOX_LIMITS: spec.lasting ? ":::" : ":3600::",
        AEGIS_SANDBOX_UNSET: secretNames(this.environment).join(" "),
        TMPDIR: path.join(own, "tmp"),
      },
      settle: () => {
        settled ??= settle();
        return settled;
      },
    };
  }

  async run(spec: SandboxSpec, command: string | readonly string[], options: RunOptions): Promise<SandboxRun> {
    const prepared = await this.prepare(spec);
    try {
      return await runThroughWrapper(this.wrapper, command, options, this.environment, prepared.env);
    } finally {
      await prepared.settle();
    }
  }

  /** Nothing tells here which processes a call started. */
  end(): Promise<void> {
    return Promise.resolve();
  }

  async dispose(): Promise<void> {
    if (this.store) await rm(await this.store, { recursive: true, force: true });
  }

  private async ownDir(privateId: string): Promise<string> {
    this.store ??= makeStore(tmpdir());
    const own = path.join(
      await realpath(await this.store),
      createHash("sha256").update(privateId).digest("hex").slice(0, 16),
    );
    await mkdir(path.join(own, "tmp"), { recursive: true });
    return own;
  }
}

/** The plan's binds, which open and close directories in the same order that SBPL's last match does. */
function writeRules(binds: readonly string[]): WriteRule[] {
  const rules: WriteRule[] = [];
  for (let at = 0; at + 2 < binds.length; at += 3) {
    rules.push({ path: binds[at + 1] ?? "", allow: binds[at]?.startsWith("--bind") ?? false });
  }
  return rules;
}
