import { execa } from "execa";
import { z } from "zod";
import { reasonOf } from "../reasonOf.ts";

const agent = z.looseObject({ model: z.string().optional() });

/** The parts of OpenCode's merged configuration that the doctor reads. */
const mergedConfig = z.looseObject({
  plugin: z.array(z.unknown()).optional(),
  provider: z
    .record(
      z.string(),
      z.looseObject({
        options: z.looseObject({ baseURL: z.string().optional() }).optional(),
        models: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
  agent: z.record(z.string(), agent).optional(),
  mcp: z.record(z.string(), z.unknown()).optional(),
  model: z.string().optional(),
  small_model: z.string().optional(),
  share: z.string().optional(),
  enabled_providers: z.array(z.string()).optional(),
});
export type MergedConfig = z.infer<typeof mergedConfig>;

/** Entries of a plugin list that are our bundle: file URL and options. */
export function pluginEntries(config: MergedConfig): { url: string; options: unknown }[] {
  return (config.plugin ?? []).flatMap((entry) => {
    const [spec, options]: unknown[] = Array.isArray(entry) ? entry : [entry];
    return typeof spec === "string" && spec.startsWith("file://") && spec.endsWith("/dist/plugin.js")
      ? [{ url: spec, options }]
      : [];
  });
}

export const pluginEntry = (config: MergedConfig) => pluginEntries(config)[0];

/** Start-up takes 3–6 s; a configuration directory without its package costs up to 70 s offline, which is a finding. */
const startTimeoutMs = 90_000;

/**
 * What is left of one time limit that all of a run's starts of OpenCode share: where the first had to wait, the next will
 * too, and nobody is told more by waiting once again.
 */
export class StartLimit {
  private readonly until: number;
  private readonly now: () => number;

  /** @param now ms of any clock that goes forward */
  constructor(now: () => number) {
    this.now = now;
    this.until = now() + startTimeoutMs;
  }

  /** Milliseconds for a start that begins now. */
  get leftMs(): number {
    return Math.max(LEAST_MS, this.until - this.now());
  }
}

/** A start that comes last still gets a fair try; ms. */
const LEAST_MS = 15_000;

/**
 * Asks OpenCode for the configuration it would use in `cwd`. Its values may hold secrets: never print it whole.
 *
 * @returns the configuration, or the reason why there is none
 */
export async function readMerged(
  program: string,
  cwd: string,
  env: Record<string, string>,
  { signal, limit }: { signal: AbortSignal; limit: StartLimit },
): Promise<MergedConfig | string> {
  const limitMs = limit.leftMs;
  const result = await execa(program, ["debug", "config"], {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    timeout: limitMs,
    cancelSignal: signal,
    stdin: "ignore",
  });
  signal.throwIfAborted();
  if (result.timedOut) return `\`opencode debug config\` did not end within ${Math.round(limitMs / 1000)} s`;
  if (result.failed)
    return (
      (result.stderr || result.stdout || result.shortMessage || "").trim().split("\n")[0] ||
      "`opencode debug config` failed"
    );
  try {
    return mergedConfig.parse(JSON.parse(result.stdout));
  } catch (error) {
    return `\`opencode debug config\` gave no configuration: ${reasonOf(error)}`;
  }
}
