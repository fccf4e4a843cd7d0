import { execa } from "execa";
import type { Sandbox, SandboxRun, SandboxSpec } from "../../../src/ports/sandbox.ts";

/** What a test wants to know about a call. */
export interface SandboxCall {
  spec: SandboxSpec;
  command: string | readonly string[];
  cwd: string;
  env: Record<string, string>;
}

/**
 * A sandbox without walls: real processes, real limits, no isolation. It stands in where a test is about what QA does with
 * results; that nothing gets out is the real sandbox's to prove.
 */
export function openSandbox(calls: SandboxCall[] = []): Sandbox {
  return {
    probe: async () => ({ usable: true, kind: "off", version: "test" }),
    prepare: async () => ({ env: {}, settle: async () => [] }),
    end: async () => undefined,
    dispose: async () => undefined,
    run: async (spec, command, { cwd, timeoutMs, env = {}, stdin, signal }): Promise<SandboxRun> => {
      calls.push({ spec, command, cwd, env });
      const [file = "", ...args] = typeof command === "string" ? ["bash", "-c", command] : command;
      const limit = AbortSignal.timeout(timeoutMs);
      const child = execa(file, args, {
        cwd,
        env,
        all: true,
        reject: false,
        detached: true,
        ...(stdin === undefined ? { stdin: "ignore" as const } : { input: stdin }),
        cancelSignal: signal ? AbortSignal.any([limit, signal]) : limit,
      });
      // A shell's children would keep the output open: the whole group goes.
      const killGroup = (): void => {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      };
      limit.addEventListener("abort", killGroup, { once: true });
      signal?.addEventListener("abort", killGroup, { once: true });
      const result = await child;
      limit.removeEventListener("abort", killGroup);
      signal?.removeEventListener("abort", killGroup);
      const aborted = signal?.aborted ?? false;
      return {
        exitCode: result.exitCode,
        output: String(result.all ?? "").slice(-50_000),
        timedOut: limit.aborted && !aborted,
        aborted,
        durationMs: result.durationMs,
      };
    },
  };
}
