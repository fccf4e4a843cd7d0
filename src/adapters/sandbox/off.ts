import type { PreparedShell, Sandbox, SandboxProbe, SandboxRun, SandboxSpec } from "../../ports/sandbox.ts";
import { secretNames } from "./baseline.ts";
import { type Environment, type RunOptions, runThroughWrapper } from "./shellCall.ts";

/** No sandbox, because a person wrote `sandbox: off`: commands run as the person would run them, secrets left out. */
export class OffSandbox implements Sandbox {
  private readonly wrapper: string;
  private readonly environment: Environment;

  /** @param options.wrapper absolute path of `scripts/aegis-shell/bash` */
  constructor(options: { wrapper: string; environment?: Environment }) {
    this.wrapper = options.wrapper;
    this.environment = options.environment ?? process.env;
  }

  async probe(): Promise<SandboxProbe> {
    return { usable: true, kind: "off", version: "none" };
  }

  async prepare(spec: SandboxSpec): Promise<PreparedShell> {
    const env = { ...spec.env, AEGIS_SANDBOX: "off", AEGIS_SANDBOX_UNSET: secretNames(this.environment).join(" ") };
    return { env, settle: async () => [] };
  }

  /** `options.binds` cannot be honoured without a mount namespace: their files are simply not there. */
  async run(spec: SandboxSpec, command: string | readonly string[], options: RunOptions): Promise<SandboxRun> {
    const { env } = await this.prepare(spec);
    const kept = new Set(Object.keys(options.env ?? {}));
    const unset = secretNames(this.environment).filter((name) => !kept.has(name));
    return runThroughWrapper(this.wrapper, command, options, this.environment, {
      ...env,
      AEGIS_SANDBOX_UNSET: unset.join(" "),
    });
  }

  /** Nothing tells here which processes a call started. */
  end(): Promise<void> {
    return Promise.resolve();
  }

  /** Keeps nothing, so there is nothing to remove. */
  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
