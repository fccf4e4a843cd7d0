import type { HostConfigFinding } from "../core/gate/hostConfig.ts";
import type { Role } from "../core/roles.ts";
import type { LiveView } from "../core/workflow/dashboard.ts";
import type { Isolation } from "../core/workflow/model.ts";
import type { Git } from "../ports/git.ts";
import type { Lease } from "../ports/lease.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import type { Sessions } from "../ports/sessions.ts";
import type { OwnTrees } from "./ownTrees.ts";
import type { RoutingDesk } from "./routing/routingDesk.ts";
import type { SwarmRuntime } from "./swarm.ts";
import type { Turns } from "./turns.ts";

/** Settings the runtime needs, taken from the configuration when the process starts. */
export interface RuntimeSettings {
  maxWorkers: number;
  maxRetries: number;
  maxContinuations: number;
  loopLimit: number;
  isolation: Isolation;
  /** How often a Worker is taken up after a failed model request, and the first wait (ms). */
  takeUps: { times: number; firstMs: number };
  designOptional: boolean;
  /** Most characters of one tool result, by the role it is for. */
  toolOutput: Readonly<Record<Role, number>>;
  skipPhrases: readonly string[];
  qaOverride: readonly { check: string; command: string; timeout_s?: number | undefined }[];
  allowedMcp: Readonly<Record<Role, readonly string[]>>;
  /** Whether a person is told that a word of theirs switched a mode. */
  showKeywords: boolean;
  /** What sandboxed commands may reach (`sandbox.network`). */
  network: readonly string[];
}

/** Everything one project's swarm works with; made once by the composition function of a shell. */
export interface SwarmServices {
  swarm: SwarmRuntime;
  turns: Turns;
  lease: Lease;
  git: Git;
  /** The Workers' own trees, where the swarm's isolation is "worktree". */
  trees: OwnTrees;
  sandbox: Sandbox;
  /** Runs commands without limits: for QA where no sandbox can be made and the person consented. */
  unsandboxed: Sandbox;
  sessions: Sessions;
  /** Which provider and model does a session's next turn. */
  routing: Pick<
    RoutingDesk,
    | "ask"
    | "beginTask"
    | "choose"
    | "failed"
    | "forget"
    | "heard"
    | "answered"
    | "heardHeaders"
    | "matters"
    | "modeOf"
    | "knows"
    | "runFailed"
    | "setDefault"
    | "used"
  >;
  settings: RuntimeSettings;
  /** Absolute path of the project's root. */
  projectDir: string;
  /** The host's agent name of each role (a person's own agent may have taken the plain name). Final once the host's
   * configuration was read (`applyConfig`), which is before any session exists. */
  agents: Readonly<Record<Role, string>>;
  /** Entries of the host's configuration under which no swarm may run; undefined until it was read. Replaced at every
   * reading of it, which is before any session exists. */
  hostConfig: {
    findings: readonly HostConfigFinding[] | undefined /** Names of its MCP servers. */;
    mcpServers: readonly string[];
    /** Base URLs of its providers, by their names. */
    servers: Readonly<Record<string, string>>;
  };
  /** Files named like a person's secrets that a tool call of this process made: these may be written again. */
  madeSecrets: Set<string>;
  /** What Workers do right now, by Worker id; kept up by the host's hooks, gone with the process. */
  live: Map<string, LiveView>;
  /** Milliseconds since the epoch. */
  now(): number;
  newId(): string;
  /** In [0, 1). */
  random(): number;
  /** Resolves after `ms`; keeps no process alive. */
  sleep(ms: number): Promise<void>;
  /** Notes for the operator; never shown to a model. */
  log(message: string, error?: unknown): void;
}
