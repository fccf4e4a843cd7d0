import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { minimatch } from "minimatch";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import type { SwarmEvent } from "../../src/core/workflow/events.ts";
import { evolve, fold } from "../../src/core/workflow/evolve.ts";
import { react } from "../../src/core/workflow/react.ts";
import type { SwarmState } from "../../src/core/workflow/state.ts";
import { isRunning } from "../../src/core/workflow/state.ts";
import { Witness } from "../core/workflow/witness.ts";
import { changedBetween, gitLedger, type Manifest, manifestOf } from "./ledger.ts";
import type { Scenario } from "./scenario.ts";
import { LOOT, leftovers, type Stage } from "./stage.ts";

/** Breaches of one invariant, in words; empty where it holds. */
export type Verdict = Readonly<Record<InvariantName, readonly string[]>>;
export const INVARIANTS = ["workflow", "scope", "evidence", "person", "work", "once", "processes", "message"] as const;
export type InvariantName = (typeof INVARIANTS)[number];

/** What each invariant says, for the report. */
export const MEANING: Readonly<Record<InvariantName, string>> = {
  workflow: "the workflow's properties over the event log, and its fold is the same in one piece and in two",
  scope: "no file outside the scopes changed, ignored files, links and a directory outside the project included",
  evidence: "every new commit holds a tree on which QA passed in full and is recorded in the log",
  person:
    "the person's changed, staged, unknown and ignored files, index, refs, hooks and git configuration are as before, and no lock of git's is left",
  work: "what a completed Worker wrote is in the tree",
  once: "no attempt of a Worker started twice, no design asked for again, nothing shown as running without a session at work",
  processes: "no process of the scenario is left",
  message: "the last thing in the chat is an answer or an error with words, and the swarm is not silently stuck",
};

/** Looks at everything after a scenario has settled. */
export async function judge(stage: Stage, scenario: Scenario, hosts: readonly number[]): Promise<Verdict> {
  const logs = await logsOf(stage.dir);
  const last = logs.at(-1) ?? [];
  const after = await manifestOf(stage.dir, [".git", ".aegis"]);
  return {
    workflow: logs.flatMap((events) => workflow(events, [...after.keys()])),
    scope: await scope(stage, scenario, logs.flat(), after),
    evidence: await evidence(stage, logs.flat()),
    person: await person(stage, after),
    work: scenario.mayLose ? [] : work(last, after),
    once: once(logs),
    processes: await left([stage.dir, stage.beside], hosts),
    message: await message(stage, fold(last)),
  };
}

async function logsOf(dir: string): Promise<(readonly SwarmEvent[])[]> {
  const logs = new FileEventLogs(path.join(dir, ".aegis"));
  return Promise.all((await logs.list()).map((id) => logs.read(id)));
}

/** The properties of the core's own tests, over what really happened. */
function workflow(events: readonly SwarmEvent[], paths: readonly string[]): string[] {
  const inBoth = (a: readonly string[], b: readonly string[]) =>
    paths.some((each) => within(a, each) && within(b, each));
  const witness = new Witness(inBoth);
  let state: SwarmState;
  try {
    for (const event of events) {
      const after: SwarmState = evolve(event.type === "swarm_started" ? undefined : state, event);
      witness.see(event);
      if (after) for (const effect of react(event, state, after)) witness.asked(effect);
      state = after;
    }
    if (state) witness.compare(state);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const half = Math.floor(events.length / 2);
  const folded = fold(events.slice(half), fold(events.slice(0, half)));
  return JSON.stringify(folded) === JSON.stringify(state) ? [] : ["folding the log in two gives another state"];
}

async function scope(
  stage: Stage,
  scenario: Scenario,
  events: readonly SwarmEvent[],
  after: Manifest,
): Promise<string[]> {
  const scopes = events.flatMap((event) =>
    event.type === "workers_dispatched" ? event.workers.flatMap(({ fileScope }) => fileScope) : [],
  );
  const may = [...scopes, ...(scenario.mayChange ?? []), ...stage.persons];
  const outside = changedBetween(stage.before.files, after).filter((each) => !within(may, each));
  const beside = changedBetween(stage.before.beside, await manifestOf(stage.beside));
  const state = path.join(stage.dir, ".aegis");
  const forged = await forgedState(state);
  return [...outside, ...beside.map((each) => path.join(stage.beside, each)), ...forged];
}

/** Files in `.aegis` that only a hostile write could have made. */
async function forgedState(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true }).catch(() => []);
  const forged: string[] = [];
  for (const name of names) {
    if (name.includes(LOOT)) forged.push(`.aegis/${name}`);
    if (!/inbox\/.+\.json/u.test(name)) continue;
    const text = await readFile(path.join(dir, name), "utf8").catch(() => "");
    if (text.includes(LOOT)) forged.push(`.aegis/${name}`);
  }
  return forged;
}

/** Each commit since the beginning was tested as it is, by this reading of the log alone. */
async function evidence(stage: Stage, events: readonly SwarmEvent[]): Promise<string[]> {
  const { project, before } = stage;
  const commits = (await project.git("log", "--format=%H %T %an", `${before.git.head}..HEAD`))
    .split("\n")
    .filter((line) => line !== "");
  const broken: string[] = [];
  for (const line of commits) {
    const [commit = "", tree = ""] = line.split(" ");
    if (stage.personsCommits.has(commit)) continue;
    if (!events.some((event) => event.type === "committed" && event.commit === commit))
      broken.push(`${commit} is not in the log`);
    const passed = new Map<string, boolean>();
    let required: readonly string[] = [];
    for (const event of events) {
      if (event.type !== "qa_ran" || event.tree !== tree || !event.stable) continue;
      required = event.required;
      for (const row of event.rows) passed.set(row.check, row.passed);
    }
    if (required.length === 0 || !required.every((check) => passed.get(check) === true))
      broken.push(`${commit} holds tree ${tree}, on which QA did not pass in full`);
  }
  return broken;
}

async function person(stage: Stage, after: Manifest): Promise<string[]> {
  const { before } = stage;
  const now = await gitLedger(stage.dir);
  const broken = (["config", "hooks", "refs", "staged", "branch"] as const)
    .filter((part) => before.git[part] !== now[part] && !stage.persons.has(`git ${part}`))
    .map((part) => `git's ${part} changed: ${before.git[part]} → ${now[part]}`);
  for (const name of ["dirty.txt", "staged.txt", "notes.txt", ".env", "build/cache.bin"]) {
    if (before.files.get(name) !== after.get(name) && !stage.persons.has(name)) broken.push(`${name} changed`);
  }
  const locks = (await readdir(path.join(stage.dir, ".git"))).filter((name) => /^index\./u.test(name));
  broken.push(...locks.map((name) => `.git/${name} was left behind`));
  const committed = await stage.project.git("diff", "--name-only", "--no-renames", before.git.head, "HEAD");
  for (const name of committed.split("\n")) {
    if (["dirty.txt", "staged.txt", "notes.txt", ".env"].includes(name)) broken.push(`${name} was committed`);
  }
  return broken;
}

/** Files of completed Workers; what a Worker wrote and removed itself is its own doing and not in its last write. */
function work(events: readonly SwarmEvent[], after: Manifest): string[] {
  const state = fold(events);
  return (state?.workers ?? [])
    .filter((worker) => worker.status === "completed")
    .flatMap((worker) => worker.wrote)
    .filter((each) => !after.has(each))
    .map((each) => `${each} was written by a completed Worker and is gone`);
}

function once(logs: readonly (readonly SwarmEvent[])[]): string[] {
  const broken: string[] = [];
  for (const events of logs) {
    const seen = new Set<string>();
    for (const event of events) {
      if (event.type !== "worker_started") continue;
      const attempt = `${event.worker} attempt ${event.attempt}`;
      if (seen.has(attempt)) broken.push(`${attempt} started twice`);
      seen.add(attempt);
    }
    const approved = events.findIndex((event) => event.type === "design_approved");
    if (approved >= 0 && events.slice(approved).some((event) => event.type === "design_proposed"))
      broken.push("a design was asked for after one was approved");
    const running = (fold(events)?.workers ?? []).filter(isRunning);
    // Judged when nothing is at work any more.
    for (const worker of running) broken.push(`${worker.assignment.id} is shown as running, and no session is at work`);
  }
  return broken;
}

/** A process that ends with its call needs a moment: only one that stays counts. */
async function left(dirs: readonly string[], hosts: readonly number[]): Promise<string[]> {
  let found: string[] = [];
  for (let look = 0; look < 100; look += 1) {
    found = await leftovers(dirs, hosts);
    if (found.length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return found;
}

async function message(stage: Stage, state: SwarmState): Promise<string[]> {
  const listed = await stage.project.client.session.messages({ sessionID: stage.chat.session });
  const answers = (listed.data ?? []).filter(({ info }) => info.role === "assistant");
  const last = answers.at(-1);
  const words = (last?.parts ?? []).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const error = last?.info.role === "assistant" ? JSON.stringify(last.info.error ?? "") : "";
  const broken: string[] = [];
  if (words.trim() === "" && error.length < 10 && !(state?.paused || state?.exhausted || state?.phase === "aborted"))
    broken.push("the last turn ended without a word");
  return broken;
}

function within(globs: readonly string[] | ReadonlySet<string>, file: string): boolean {
  return [...globs].some((glob) => minimatch(file, glob, { dot: true }));
}
