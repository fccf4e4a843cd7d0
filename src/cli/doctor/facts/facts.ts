import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type MetricsReading, readMetrics } from "../../../adapters/modelServer/metricsPoller.ts";
import { QUIET_OPENCODE } from "../../../adapters/opencode/quietOpencode.ts";
import { readTextFile } from "../../../adapters/readTextFile.ts";
import { type ReadConfigResult, readConfig } from "../../../config/read.ts";
import type { HostConfigFinding } from "../../../core/gate/hostConfig.ts";
import { homeOf } from "../../config/load.ts";
import type { Io } from "../../io.ts";
import { packageRoot } from "../../packageRoot.ts";
import { findProjectRoot } from "../../projectRoot.ts";
import { type GateProbe, probeGate } from "../gateProbe.ts";
import type { DoctorOptions } from "../options.ts";
import { allowedHosts, hostFindings } from "./hostFindings.ts";
import { apiKeyOf, declaredContext } from "./installed.ts";
import { type MergedConfig, pluginEntry, readMerged, StartLimit } from "./mergedConfig.ts";
import { listModels, type ModelList, type Target } from "./modelList.ts";
import { findProgram, opencodeVersion } from "./opencodeProgram.ts";
import { lookInto, type Served } from "./opencodeServe.ts";
import { probeToolCall, type ToolAnswer } from "./toolAnswer.ts";

/** What several checks ask of the machine, looked up at most once a run, when first asked. None of these throws but by abort. */
export interface Facts {
  /** The root of the git worktree, undefined outside one. */
  projectDir(): Promise<string | undefined>;
  /** The OpenCode program and its version. */
  opencode(): Promise<{ program: string; version: string } | { missing: string | undefined; reason: string }>;
  /** OpenCode's merged configuration in the project, or why there is none. */
  merged(): Promise<MergedConfig | string>;
  /** The same in an empty directory, where no project's file counts. */
  elsewhere(): Promise<MergedConfig | string>;
  /** A real OpenCode server's tools, agents and providers in the project, or why there are none. */
  served(): Promise<Served | string>;
  /** What became of a request that only the model gate can answer; undefined where there is no configuration. */
  gate(): Promise<GateProbe | undefined>;
  /** The product's own configuration, plugin options included. */
  config(): Promise<ReadConfigResult>;
  /** Hosts that requests may reach beside this machine. */
  allowedHosts(): Promise<readonly string[]>;
  /** What the plugin would find in the merged configuration and start no swarm for, or why that is not known. */
  hostFindings(): Promise<readonly HostConfigFinding[] | string>;
  /** The model server the swarm is told to use. */
  target(): Promise<Target | undefined>;
  models(): Promise<ModelList>;
  /** How the server answered a streamed request with one tool. */
  toolAnswer(): Promise<ToolAnswer>;
  /** The server's `/metrics` as they were when first asked. */
  metrics(): Promise<MetricsReading>;
}

/** Where a target's metrics are and with what key. */
export const metricsOf = ({ baseUrl, apiKey }: Target) => ({ baseUrl, ...(apiKey === undefined ? {} : { apiKey }) });

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The environment OpenCode is run in: the person's, with everything switched off that asks the network by itself. */
function quietEnvironment(env: Io["env"]): Record<string, string> {
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(given),
    // Read by our plugin: a process that only looks takes up no swarm, or it would set Workers in motion.
    AEGIS_LOOK_ONLY: "1",
    ...QUIET_OPENCODE,
    // Without these OpenCode waits over a minute for the registry where it cannot be reached.
    npm_config_offline: "true",
    npm_config_fetch_retries: "0",
    npm_config_fetch_timeout: "5000",
  };
}

/** OpenCode's own database of this user. */
function openCodeDatabase(io: Io): string {
  return join(io.env.XDG_DATA_HOME || join(homeOf(io), ".local", "share"), "opencode", "opencode.db");
}

/** What takes seconds to look up. */
type SlowFacts = Pick<Facts, "opencode" | "merged" | "elsewhere" | "served" | "gate">;

/**
 * Looks things up for one run of the doctor.
 *
 * @param known what was looked up already, in the same place
 */
export function makeFacts(io: Io, options: Pick<DoctorOptions, "opencode">, known: Partial<SlowFacts> = {}): Facts {
  const env = quietEnvironment(io.env);
  const starts = { signal: io.signal, limit: new StartLimit(() => performance.now()) };
  const projectDir = once(() => findProjectRoot(io.cwd));
  const cwd = async () => (await projectDir()) ?? io.cwd;
  const opencode =
    known.opencode ??
    once(async () => {
      const beside = join(packageRoot().dir, "node_modules", ".bin");
      const program = options.opencode ?? findProgram("opencode", [...(io.env.PATH ?? "").split(delimiter), beside]);
      if (program === undefined) return { missing: undefined, reason: "" };
      return await opencodeVersion(program, env);
    });
  const merged =
    known.merged ??
    once(async () => {
      const found = await opencode();
      if (!("program" in found)) return found.reason;
      // Side by side with the start for its tools, but where OpenCode makes its database first: two at once could clash.
      // Awaited here, so that whatever becomes of the checks that ask for it nothing runs on behind the report.
      const beside = existsSync(openCodeDatabase(io)) ? served() : undefined;
      const [seen] = await Promise.all([readMerged(found.program, await cwd(), env, starts), beside]);
      return seen;
    });
  const served =
    known.served ??
    once(async () => {
      const found = await opencode();
      return "program" in found ? await lookInto(found.program, await cwd(), env, starts) : found.reason;
    });
  const elsewhere =
    known.elsewhere ??
    once(async () => {
      const found = await opencode();
      if (!("program" in found)) return found.reason;
      const dir = await mkdtemp(join(tmpdir(), "aegis-doctor-elsewhere-"));
      try {
        return await readMerged(found.program, dir, env, starts);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    });
  const config = once(async () => {
    const seen = await merged();
    const entry = typeof seen === "string" ? undefined : pluginEntry(seen);
    return readConfig({
      projectDir: await cwd(),
      env: io.env,
      home: homeOf(io),
      readFile: readTextFile,
      ...(entry?.options === undefined ? {} : { pluginOptions: entry.options }),
    });
  });
  const allowed = once(async () => await allowedHosts(io, await projectDir(), await config()));
  const gate =
    known.gate ??
    once(async () => {
      const found = await opencode();
      const seen = await merged();
      const read = await config();
      if (!("program" in found) || typeof seen === "string" || !read.ok) return undefined;
      const providers = Object.keys(seen.provider ?? {});
      const { commander } = read.config.agents;
      return await probeGate({ program: found.program, cwd: await cwd(), env, commander, providers }, io.signal);
    });
  const target = once(async (): Promise<Target | undefined> => {
    const seen = await merged();
    if (typeof seen === "string") return undefined;
    const read = await config();
    // Without the plugin's entry nobody has set the swarm's model; OpenCode's own is then the one that was meant.
    const chosen = read.ok && read.origin.model !== "default" ? read.config.model : undefined;
    const given = chosen ?? seen.model ?? "";
    const provider = given.split("/")[0] ?? "";
    const baseUrl = seen.provider?.[provider]?.options?.baseURL;
    if (baseUrl === undefined) return undefined;
    const model = given.slice(provider.length + 1);
    return {
      provider,
      baseUrl,
      model,
      apiKey: apiKeyOf(io, await projectDir(), provider),
      declaredContext: declaredContext(seen, provider, model),
    };
  });
  /** For look-ups that come after a check has found the target. */
  const targetOrThrow = async () => {
    const found = await target();
    if (!found) throw new Error("OpenCode's configuration names no model server");
    return found;
  };
  return {
    projectDir,
    opencode,
    merged,
    elsewhere,
    served,
    gate,
    config,
    allowedHosts: allowed,
    hostFindings: once(async () => {
      const seen = await merged();
      const read = await config();
      if (typeof seen === "string" || !read.ok) return typeof seen === "string" ? seen : "aegis.jsonc";
      return hostFindings(seen, {
        config: read,
        projectDir: await cwd(),
        openedIn: io.cwd,
        allowHosts: await allowed(),
      });
    }),
    target,
    models: once(async () => await listModels(await targetOrThrow(), io.signal)),
    toolAnswer: once(async () => await probeToolCall(await targetOrThrow(), io.signal)),
    metrics: once(async () => await readMetrics({ ...metricsOf(await targetOrThrow()), signal: io.signal })),
  };
}
