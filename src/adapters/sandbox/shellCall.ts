import type { Sandbox, SandboxRun, SandboxSpec } from "../../ports/sandbox.ts";
import { secretNames } from "./baseline.ts";
import { execute } from "./execute.ts";

export type RunOptions = Parameters<Sandbox["run"]>[2];
export type Environment = Readonly<Record<string, string | undefined>>;

/** Environment that makes the wrapper refuse every command and say why (fails closed). */
export function denyEnv(reason: string, mend: string): Record<string, string> {
  return { AEGIS_SANDBOX: "deny", AEGIS_SANDBOX_REASON: reason, AEGIS_SANDBOX_MEND: mend };
}

/** Scouts and Librarians write nothing, whatever scope they are handed. */
export function scopeOf(spec: SandboxSpec): readonly string[] {
  return spec.role === "scout" || spec.role === "librarian" ? [] : spec.scope;
}

/** Runs a command through the wrapper, exactly as OpenCode would, without the secrets of this process's environment. */
export function runThroughWrapper(
  wrapper: string,
  command: string | readonly string[],
  options: RunOptions,
  environment: Environment,
  prepared: Record<string, string>,
): Promise<SandboxRun> {
  const secrets = new Set(secretNames(environment));
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !secrets.has(name) && !name.startsWith("AEGIS_")) env[name] = value;
  }
  const args = typeof command === "string" ? ["-c", command] : ["-c", 'exec "$@"', "bash", ...command];
  return execute(wrapper, args, {
    cwd: options.cwd,
    timeoutMs: options.timeoutMs,
    env: { ...env, ...options.env, ...prepared },
    stdin: options.stdin,
    signal: options.signal,
  });
}
