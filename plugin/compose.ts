import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createGit } from "../src/adapters/git/gitRepository.ts";
import { createWorktrees } from "../src/adapters/git/worktrees.ts";
import { FileEventLogs } from "../src/adapters/log/fileEventLogs.ts";
import { FileInbox } from "../src/adapters/log/fileInbox.ts";
import { FileLease } from "../src/adapters/log/fileLease.ts";
import { NetworkLog } from "../src/adapters/log/networkLog.ts";
import { OpenCodeSessions } from "../src/adapters/opencode/sessions.ts";
import { BubblewrapSandbox } from "../src/adapters/sandbox/bubblewrap.ts";
import { OffSandbox } from "../src/adapters/sandbox/off.ts";
import { SeatbeltSandbox } from "../src/adapters/sandbox/seatbelt.ts";
import { renderProblem } from "../src/config/problem.ts";
import { readConfig } from "../src/config/read.ts";
import type { Config } from "../src/config/schema.ts";
import { stateHome } from "../src/config/stateHome.ts";
import type { Unsandboxed } from "../src/core/gate/hostConfig.ts";
import { DEFAULT_RETRY_BUDGET } from "../src/core/gate/retryPlan.ts";
import type { Role } from "../src/core/roles.ts";
import { ROLES } from "../src/core/roles.ts";
import { networkAllowance } from "../src/core/sandbox/networkAllowance.ts";
import { DEFAULT_ADMISSION } from "../src/core/schedule/model.ts";
import type { LiveView } from "../src/core/workflow/dashboard.ts";
import { SKIP_PHRASES } from "../src/core/workflow/skipPhrases.ts";
import { policyDesk } from "../src/policyDesk.ts";
import type { Sandbox } from "../src/ports/sandbox.ts";
import { InboxReader } from "../src/runtime/inboxReader.ts";
import type { ChatJobs } from "../src/runtime/jobs/chatJobs.ts";
import type { GateSettings } from "../src/runtime/modelGate/modelGate.ts";
import { Reactors } from "../src/runtime/reactors.ts";
import type { SwarmServices } from "../src/runtime/services.ts";
import { SwarmRuntime } from "../src/runtime/swarm.ts";
import { Turns } from "../src/runtime/turns.ts";
import { WorkerTrees } from "../src/runtime/workerTrees.ts";
import { WorkerWatch } from "../src/runtime/workerWatch.ts";
import { chatJobs } from "./chatJobs.ts";
import { fusionCommand } from "./fusionCommands.ts";
import { Handoffs } from "./handoffs.ts";
import type { SwarmAdmission } from "./hooks/swarmTurns.ts";
import type { PluginOptions } from "./options.ts";
import { blockedFromTheStart } from "./routing.ts";
import { SHELL_WRAPPER } from "./shellWrapper.ts";
import { type Tracking, trackingOf } from "./tracking.ts";

/** What a host gives the plugin. */
export interface HostInput {
  directory: string;
  /** The worktree's root as the host found it; "/" where it found none. */
  worktree: string;
  baseUrl: string;
  fetch: typeof fetch;
  headers: Record<string, string>;
}

export type GateConfig = GateSettings & {
  unsandboxed: readonly Unsandboxed[];
  /** undefined where every request goes at once. */
  admission: SwarmAdmission | undefined;
};

export type Composition =
  | {
      ok: true;
      services: SwarmServices;
      watch: WorkerWatch;
      inbox: InboxReader;
      gate: GateConfig;
      tracking: Tracking;
      handoffs: Handoffs;
      /** Jobs that chats ask for. */
      jobs: ChatJobs;
      /** Whether OpenCode's own agent has the tools for them. */
      offersJobs: boolean;
      /** Carries out a command about routing; resolves with what the person is told. */
      fusion: (command: Parameters<typeof fusionCommand>[0]) => Promise<string>;
    }
  | { ok: false; problem: string };

/** The plugin's one composition function: hands the runtime its adapters. Touches no network and starts nothing. */
export async function compose(host: HostInput, options: PluginOptions): Promise<Composition> {
  const git = createGit(host.directory);
  const projectDir = rootAt(host.worktree) ?? (await git.root());
  if (projectDir === undefined) {
    return {
      ok: false,
      problem: `${host.directory} is not in a git repository, and a swarm keeps its baseline and evidence in git. Run \`git init\` there, commit once, and start OpenCode again.`,
    };
  }
  const read = readConfig({
    projectDir,
    env: process.env,
    home: homedir(),
    pluginOptions: options.settings,
    readFile: (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined),
  });
  if (!read.ok) {
    return { ok: false, problem: `The configuration is not valid:\n${read.problems.map(renderProblem).join("\n")}` };
  }
  if (read.config.swarm.isolation === "worktree" && read.config.swarm.sandbox === "off") {
    return {
      ok: false,
      problem:
        'swarm.isolation "worktree" needs the sandbox, which shows each Worker its own tree, and swarm.sandbox is "off". Set swarm.isolation to "shared" or swarm.sandbox to "required" in aegis.jsonc.',
    };
  }
  const blocked = blockedFromTheStart(read.config);
  if (blocked !== undefined) return { ok: false, problem: blocked };
  const stateDir = path.join(projectDir, ".aegis");
  const log = (message: string, error?: unknown) => note(stateDir, message, error);
  const reactors: { carryOut: Reactors["carryOut"] } = { carryOut: () => undefined };
  const watchers: { watch?: WorkerWatch } = {};
  // The model that the roles have in the host's configuration: `local` and they must not be two.
  const local = options.model ?? read.config.model;
  const hostConfig: SwarmServices["hostConfig"] = { findings: undefined, mcpServers: [], servers: {} };
  const unsandboxed = new OffSandbox({ wrapper: SHELL_WRAPPER });
  const parts = {
    swarm: new SwarmRuntime(new FileEventLogs(stateDir), (effect) => reactors.carryOut(effect)),
    turns: new Turns((session, end) => watchers.watch?.turnEnded(session, end)),
    lease: new FileLease(stateDir),
    git,
    sandbox: read.config.swarm.sandbox === "off" ? unsandboxed : confined(read.config, host, stateDir),
    unsandboxed,
    sessions: new OpenCodeSessions(host),
    settings: settingsOf(read.config),
    projectDir,
    agents: agentNames(options.agents),
    hostConfig,
    madeSecrets: new Set<string>(),
    live: new Map<string, LiveView>(),
    now: () => Date.now(),
    newId: newSwarmId,
    random: () => Math.random(),
    sleep: (ms: number) => sleep(ms, undefined, { ref: false }),
    log,
    routing: policyDesk(
      { ...read.config, model: local },
      { env: process.env, home: homedir(), log, localServer: () => hostConfig.servers[local.split("/")[0] ?? ""] },
    ),
  };
  const trees = new WorkerTrees(parts, createWorktrees(projectDir), createGit);
  const services: SwarmServices = { ...parts, trees };
  const instance = new Reactors(services);
  reactors.carryOut = (effect) => instance.carryOut(effect);
  const watch = new WorkerWatch(services);
  watchers.watch = watch;
  const inbox = new InboxReader(new FileInbox(stateDir), services, () => watch.resume());
  const place = { env: process.env, home: homedir(), hosts: () => Object.keys(hostConfig.servers) };
  return {
    ok: true,
    services,
    watch,
    inbox,
    gate: gateSettings(read.config),
    tracking: trackingOf(services, read.config),
    jobs: chatJobs(services, read.config, local),
    offersJobs: read.config.jobs.inChats,
    handoffs: new Handoffs(services, read.config, stateHome(process.env, homedir())),
    fusion: (command) => fusionCommand(command, read.config, services.routing, place),
  };
}

/** The root the host names, where a repository is there indeed: asking git costs every start a process. */
function rootAt(worktree: string): string | undefined {
  return worktree !== "/" && existsSync(path.join(worktree, ".git")) ? realpathSync(worktree) : undefined;
}

/** The operator's log, `.aegis/plugin.log`: OpenCode shows a plugin's errors nowhere. */
function note(stateDir: string, message: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : error === undefined ? "" : String(error);
  try {
    mkdirSync(stateDir, { recursive: true });
    appendFileSync(path.join(stateDir, "plugin.log"), `${new Date().toISOString()} ${message} ${detail}\n`);
  } catch (failure) {
    process.stderr.write(`aegis: ${message} ${detail} (and the log cannot be written: ${String(failure)})\n`);
  }
}

/** The sandbox, with the network that the person declared; every try at it is on record. */
function confined(config: Config, host: HostInput, stateDir: string): Sandbox {
  if (process.platform === "darwin") return new SeatbeltSandbox({ wrapper: SHELL_WRAPPER });
  const log = new NetworkLog(stateDir, (message, error) => note(stateDir, message, error));
  const own = URL.canParse(host.baseUrl) ? Number(new URL(host.baseUrl).port) : 0;
  return new BubblewrapSandbox({
    wrapper: SHELL_WRAPPER,
    network: {
      allowance: networkAllowance(config.sandbox.network),
      neverPorts: [own],
      onAttempt: (attempt) => log.add(attempt),
    },
  });
}

function settingsOf(config: Config): SwarmServices["settings"] {
  return {
    maxWorkers: config.swarm.maxWorkers,
    maxRetries: config.swarm.maxRetries,
    maxContinuations: config.swarm.continuations,
    loopLimit: config.swarm.loopLimit,
    isolation: config.swarm.isolation,
    takeUps: { times: config.swarm.takeUps, firstMs: config.swarm.takeUpWait_s * 1000 },
    designOptional: config.workflow.design === "optional",
    toolOutput: config.swarm.toolOutput,
    skipPhrases: [...SKIP_PHRASES, ...config.workflow.skipPhrases],
    qaOverride: config.workflow.qa,
    allowedMcp: config.mcp.allow,
    showKeywords: config.notifications.showOnKeyword && !config.notifications.quietMode,
    network: config.sandbox.network,
  };
}

function gateSettings({ gate, security, vllm }: Config): GateConfig {
  const { repair, limits } = gate;
  const budget = { ...DEFAULT_RETRY_BUDGET, retries: limits.retries, waitMs: limits.retryWait_s * 1000 };
  return {
    repair,
    everySession: repair.everySession,
    allowHosts: security.allowHosts,
    egressAll: security.egress === "all",
    unsandboxed: security.unsandboxed,
    admission: gate.admission
      ? { ...DEFAULT_ADMISSION, staticLimit: vllm.batch, maxRequests: vllm.batch, byPriority: gate.priority }
      : undefined,
    limits: { firstByteMs: limits.firstByte_s * 1000, stallMs: limits.stalled_s * 1000, budget },
    silenceMs: limits.silence_s * 1000,
  };
}

export function agentNames(renamed: Partial<Record<Role, string>> | undefined): Record<Role, string> {
  return Object.fromEntries(ROLES.map((role) => [role, renamed?.[role] ?? role])) as Record<Role, string>;
}

/** Ids sort by the time they were made: s-20261121-013000-4f2a. */
function newSwarmId(): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/gu, "").replace("T", "-");
  return `s-${stamp}-${randomBytes(2).toString("hex")}`;
}
