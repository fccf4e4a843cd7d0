import { cycleIn } from "../../dag/graph.ts";
import { normalizeScopeGlob } from "../../scope/normalize.ts";
import { scopesOverlap } from "../../scope/overlap.ts";
import type { CommandOf, WorkerRequest } from "../commands.ts";
import { needFoundation, needSwarm, needUnpaused } from "../gates.ts";
import type { Assignment } from "../model.ts";
import type { Refusal } from "../refusal.ts";
import { refusal } from "../refusal.ts";
import type { Swarm, SwarmState } from "../state.ts";
import { findWorker, isLive } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept, refuse } from "./decision.ts";

/** Judges a whole batch: all of it is dispatched, or none. */
export function dispatchWorkers(command: CommandOf<"dispatch_workers">, state: SwarmState): Decision {
  const missing = needSwarm(state);
  if (missing || !state) return refuse(missing);
  const gate = needFoundation(state) ?? needUnpaused(state);
  if (gate) return refuse(gate);
  const count = checkCount(command.workers, state);
  if (count) return refuse(count);

  const assignments: Assignment[] = [];
  for (const request of command.workers) {
    const judged = assign(request, state, assignments.length);
    if ("code" in judged) return refuse(judged);
    assignments.push(judged);
  }
  const names =
    checkNames(assignments, state) ?? checkDependencies(assignments, state) ?? checkOverlap(assignments, state);
  if (names) return refuse(names);
  return accept({ type: "workers_dispatched", at: command.at, workers: assignments });
}

function checkCount(workers: readonly WorkerRequest[], state: Swarm): Refusal | undefined {
  const { maxWorkers } = state.settings;
  if (workers.length === 0) {
    return refusal("no-workers", "the list of workers is empty.", `give 1 to ${maxWorkers} workers.`);
  }
  const live = state.workers.filter(isLive).length;
  if (workers.length + live > maxWorkers) {
    const others = live > 0 ? ` beside ${live} live ones` : "";
    return refusal(
      "too-many-workers",
      `${workers.length} workers were asked for${others}; swarm.maxWorkers is ${maxWorkers}.`,
      `dispatch at most ${Math.max(0, maxWorkers - live)} now; join small features, or wait for Workers to end.`,
    );
  }
  if (state.design.status === "skipped" && state.workers.length + workers.length > state.design.workersAllowed) {
    const allowed = state.design.workersAllowed;
    return refusal(
      "too-many-without-design",
      `without an agreed design ${allowed} ${allowed === 1 ? "Worker is" : "Workers are"} allowed.`,
      "dispatch fewer, or have the person ask for the work to go ahead without a design in their own words.",
    );
  }
  return undefined;
}

function assign(request: WorkerRequest, state: Swarm, index: number): Assignment | Refusal {
  const name = request.name.trim();
  if (name === "" || request.spec.trim() === "") {
    return refusal(
      "worker-incomplete",
      `worker ${index + 1}${name ? ` (${name})` : ""} has no ${name === "" ? "name" : "spec"}.`,
      "give every worker a name, a feature, a fileScope and a spec.",
    );
  }
  if (request.agent !== undefined && request.agent !== "worker") {
    return refusal(
      "unknown-agent",
      `worker "${name}" asks for the agent "${request.agent}".`,
      'leave `agent` out, or give "worker".',
    );
  }
  if (request.fileScope.length === 0) {
    return refusal(
      "scope-empty",
      `worker "${name}" has no fileScope.`,
      'give at least one glob, for example "src/feature/**".',
    );
  }
  const fileScope: string[] = [];
  for (const glob of request.fileScope) {
    const normal = normalizeScopeGlob(glob);
    if (!normal.ok) {
      return refusal(
        `scope-${normal.code}`,
        `the scope "${glob}" of worker "${name}" cannot be used: ${normal.reason}`,
        "give globs relative to the project root that leave .git, .aegis and the configuration alone.",
      );
    }
    fileScope.push(normal.glob);
  }
  const id = `w${String(state.workers.length + index + 1).padStart(2, "0")}`;
  return {
    id,
    name,
    feature: request.feature,
    fileScope,
    sharedReadOnly: [...(request.sharedReadOnly ?? [])],
    spec: request.spec,
    dependsOn: [...(request.dependsOn ?? [])],
    ...(request.qaRequirements === undefined ? {} : { qaRequirements: request.qaRequirements }),
    ...(request.agent === undefined ? {} : { agent: request.agent }),
  };
}

const LIKE_AN_ID = /^w\d+$/iu;

function checkNames(assignments: readonly Assignment[], state: Swarm): Refusal | undefined {
  const seen = new Set(state.workers.map((worker) => worker.assignment.name));
  for (const { name } of assignments) {
    if (seen.has(name))
      return refusal("name-taken", `two workers are named "${name}".`, "give every worker a name of its own.");
    if (LIKE_AN_ID.test(name)) {
      return refusal(
        "name-like-id",
        `"${name}" reads like a Worker's id; ids are given here.`,
        "name the worker after its feature.",
      );
    }
    seen.add(name);
  }
  return undefined;
}

function checkDependencies(assignments: readonly Assignment[], state: Swarm): Refusal | undefined {
  const known = new Map(assignments.map((assignment) => [assignment.name, assignment.dependsOn]));
  const older = new Set(state.workers.flatMap((worker) => [worker.assignment.name, worker.assignment.id]));
  for (const { name, dependsOn } of assignments) {
    const unknown = dependsOn.find((other) => !known.has(other) && !older.has(other));
    if (unknown !== undefined) {
      return refusal(
        "dependency-unknown",
        `worker "${name}" depends on "${unknown}", which is no worker.`,
        "name workers of this call.",
      );
    }
  }
  for (const assignment of assignments) {
    const ended = unmetDependency(assignment, state);
    if (ended) return ended;
  }
  const circular = cycleIn(assignments.map(({ name, dependsOn }) => ({ id: name, dependsOn })));
  if (circular === undefined) return undefined;
  return refusal(
    "dependency-cycle",
    `${circular.join(", ")} wait for each other.`,
    "remove one dependency, or join these into one worker.",
  );
}

function checkOverlap(assignments: readonly Assignment[], state: Swarm): Refusal | undefined {
  const taken = state.workers.filter(isLive).map((worker) => worker.assignment);
  for (const assignment of assignments) {
    const clash = scopeClash(assignment, taken);
    if (clash) return clash;
    taken.push(assignment);
  }
  return undefined;
}

/** The first of `taken` whose scope meets that of `assignment`, as a refusal. */
export function scopeClash(assignment: Assignment, taken: readonly Assignment[]): Refusal | undefined {
  for (const other of taken) {
    const clash = scopesOverlap(other.fileScope, assignment.fileScope);
    if (clash) {
      const both =
        clash.witness === undefined ? "which cannot be told apart for certain" : `both match "${clash.witness}"`;
      return refusal(
        "scopes-overlap",
        `"${clash.globA}" of ${other.name} and "${clash.globB}" of ${assignment.name} overlap: ${both}.`,
        "give that path to one of them, or keep it in the foundation; then dispatch again.",
      );
    }
  }
  return undefined;
}

/** A Worker builds only on Workers that completed or still may. */
export function unmetDependency(assignment: Assignment, state: Swarm): Refusal | undefined {
  for (const name of assignment.dependsOn) {
    const other = findWorker(state, name);
    if (!other || isLive(other) || other.status === "completed") continue;
    return refusal(
      "dependency-ended",
      `${assignment.name} depends on ${other.assignment.name}, which ended as ${other.status}.`,
      `call retry_worker for ${other.assignment.id} first, or leave the dependency out.`,
    );
  }
  return undefined;
}
