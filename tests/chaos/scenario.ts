import type { Reply, Step, Turn } from "../../vllm/simulator/brain.ts";
import type { Stage } from "./stage.ts";

/** Commander tools in the order of the work; a misbehaviour begins where the sound Commander would call one of them. */
export type Milestone =
  | "propose_design"
  | "approve_design"
  | "complete_foundation"
  | "dispatch_workers"
  | "await_workers"
  | "check_conflicts"
  | "read_worker"
  | "run_qa"
  | "commit_changes"
  | "report";

/**
 * What has to be seen at the end. `done`: committed. `question`: the person is asked. `exhausted`: no progress, and the
 * person is told. `paused`: the person stopped it. `aborted`: the swarm is over. `talk`: no design is agreed, the
 * Commander's turn ended and the person has its words.
 */
export type End = "done" | "question" | "exhausted" | "paused" | "aborted" | "talk";

interface Common {
  name: string;
  /** One line for the report: what the scripted model does, or what breaks. */
  what: string;
  /** Seconds after which it counts as hanging, on a machine several times slower than idle. */
  limitS: number;
  ends: readonly End[];
  /** Expected end of the misbehaving Worker (`w02`), where there is one expectation. */
  worker?: readonly ("completed" | "failed" | "cancelled" | "blocked")[];
  /** Files of the project beside the usual ones. */
  files?: Readonly<Record<string, string>>;
  /** Globs that may change beside the Workers' scopes: the Commander's own rightful work. */
  mayChange?: readonly string[];
  /** Whether something that a completed Worker wrote may be gone at the end: the scenario removes it rightfully. */
  mayLose?: boolean;
  /** Says what is wrong with this end, beside the invariants. Empty: nothing. */
  check?: (stage: Stage) => Promise<readonly string[]>;
  /** Put into the sample that every commit runs. */
  sample?: boolean;
}

/** Steps of a model by the number of its turn since the misbehaviour began; undefined ends the misbehaviour. */
export type Steps = readonly Step[] | ((index: number, turn: Turn) => Reply | Promise<Reply> | undefined);

/** A scripted model that misbehaves, on a healthy machine. */
export interface Behaviour extends Common {
  role: "worker" | "commander" | "scout";
  /** For the Commander: the milestone in whose place it begins. Default: from the first turn. */
  at?: Milestone;
  /** What the misbehaving role does before the sound model takes over again. */
  steps: readonly Step[] | ((stage: Stage) => Steps);
  /** Turns of Scouts, where a Worker starts one. */
  helpers?: readonly Step[];
  /** What the person types, one after the other. Default: the request, then "1". */
  person?: readonly string[];
}

/** Something that breaks while sound models work. */
export interface Fault extends Common {
  /** Starts a host of its own: the fault ends or changes the OpenCode process or the model server. */
  ownHost: boolean;
  /** Plays the swarm and breaks something on the way. Returns without waiting for the end. A string says why it cannot be
   * played on this machine. */
  play: (stage: Stage) => Promise<string | undefined>;
  /** Gives its own host a PATH of one directory of links, from which the fault may take a program away. */
  farm?: boolean;
  /** Settings of the host, only where it is its own. */
  settings?: object;
}

export type Scenario = ({ kind: "behaviour" } & Behaviour) | ({ kind: "fault" } & Fault);
