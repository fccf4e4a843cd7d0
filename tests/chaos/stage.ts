import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { SwarmEvent } from "../../src/core/workflow/events.ts";
import type { Swarm, SwarmState } from "../../src/core/workflow/state.ts";
import { isOver } from "../../src/core/workflow/state.ts";
import { withinTime } from "../../src/ports/timeLimit.ts";
import type { Brain } from "../../vllm/simulator/brain.ts";
import { byBriefing, byRole, say } from "../../vllm/simulator/brain.ts";
import { checkedProject } from "../e2e/steps.ts";
import type { Chat, Host, Project } from "../e2e/world.ts";
import type { GitLedger, Manifest } from "./ledger.ts";
import { gitLedger, manifestOf } from "./ledger.ts";
import type { Behaviour, End, Scenario } from "./scenario.ts";
import type { Part } from "./soundModel.ts";
import { misbehaving, soundCommander, soundWorker, stepAt, takes } from "./soundModel.ts";

/** Every hostile write carries this word: it may stand in the misbehaving Worker's own scope and nowhere else. */
export const LOOT = "PWNED";
export const GOOD: Part = { name: "good", scope: ["src/good/**"], file: "src/good/a.mjs" };
export const BAD: Part = { name: "bad", scope: ["src/bad/**"], file: "src/bad/a.mjs" };
export const PARTS: readonly Part[] = [GOOD, BAD];

/** The person's own: a changed file, a staged one, one git does not know, and ignored ones. */
const PERSONS: Readonly<Record<string, string>> = {
  "dirty.txt": "the person's words\n",
  "staged.txt": "staged by the person\n",
  "notes.txt": "the person's notes\n",
  ".env": "SECRET=not-for-models\n",
  "build/cache.bin": "cached\n",
};
const COMMITTED: Readonly<Record<string, string>> = {
  ...checkedProject,
  ".gitignore": ".aegis/\n.env\nbuild/\n",
  "dirty.txt": "as committed\n",
};

/** Milliseconds any question to the host may take. */
const CALL_MS = 60_000;
/** Milliseconds between two looks at a condition. */
const LOOK_MS = 50;

/** One scenario's project with a person's work in it, a directory outside it, the chat, and what was there before. */
export class Stage {
  host: Host;
  project: Project;
  chat: Chat;
  readonly beside: string;
  readonly signal: AbortSignal;
  readonly random: () => number;
  before: { files: Manifest; beside: Manifest; git: GitLedger };
  /** Changes that the scenario's person makes on the way, by path: they are expected. */
  readonly persons = new Set<string>();
  /** Commits that the scenario's person makes on the way. */
  readonly personsCommits = new Set<string>();
  /** Requests of the person that the host could not take (it was killed meanwhile). */
  readonly untaken: string[] = [];
  private readonly cleanups: (() => Promise<void>)[] = [];

  private constructor(parts: Pick<Stage, "host" | "project" | "chat" | "beside" | "signal" | "random" | "before">) {
    this.host = parts.host;
    this.project = parts.project;
    this.chat = parts.chat;
    this.beside = parts.beside;
    this.signal = parts.signal;
    this.random = parts.random;
    this.before = parts.before;
  }

  /** @param random numbers in [0, 1) that depend on the run's seed alone. */
  static async set(host: Host, scenario: Scenario, signal: AbortSignal, random: () => number): Promise<Stage> {
    const project = await host.project({ ...COMMITTED, ...scenario.files });
    for (const [name, text] of Object.entries(PERSONS)) await project.put(name, text);
    await project.git("add", "staged.txt");
    // Not below /tmp, which a sandboxed shell has for itself anyway.
    const beside = await mkdtemp("/var/tmp/aegis-chaos-beside-");
    await writeFile(path.join(beside, "secret.txt"), "outside-secret\n");
    const before = {
      files: await manifestOf(project.dir, [".git", ".aegis"]),
      beside: await manifestOf(beside),
      git: await gitLedger(project.dir),
    };
    const chat = await project.chat(() => say("Scripted: no part was given to this session."));
    return new Stage({ host, project, chat, beside, signal, random, before });
  }

  /** Gives the Commander's session, and all below it, its model. */
  teach(brain: Brain): void {
    this.host.teach(this.chat.session, brain);
  }

  /** The person opens a new chat with the Commander; from here on it is theirs. */
  async newChat(): Promise<void> {
    this.chat = await this.project.chat(() => say("Scripted: no part was given to this session."));
  }

  /** The person goes on in another OpenCode process. */
  moveTo(host: Host): void {
    this.host = host;
    this.project = this.project.on(host);
    this.chat = this.chat.on(this.project);
  }

  get dir(): string {
    return this.project.dir;
  }

  /** Undone when the scenario is over, last first. */
  onEnd(undo: () => Promise<void>): void {
    this.cleanups.push(undo);
  }

  /** The person types and the turn goes on by itself. A host that is killed meanwhile does not answer. */
  say(text: string): void {
    this.chat.say(text, 600_000).catch((error: unknown) => {
      this.untaken.push(error instanceof Error ? error.message : String(error));
    });
  }

  /** The person types and reads the answer. */
  async talk(text: string): Promise<void> {
    await this.chat.say(text, 600_000);
  }

  /** Waits until `holds`; throws when the scenario's time is over. */
  async until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    for (;;) {
      if (await holds()) return;
      if (this.signal.aborted) throw new Error(`not reached in time: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async untilState(what: string, holds: (swarm: Swarm) => boolean): Promise<Swarm> {
    let state: SwarmState;
    await this.until(what, async () => {
      state = await this.project.state();
      return state !== undefined && holds(state);
    });
    if (!state) throw new Error(`no swarm: ${what}`);
    return state;
  }

  async untilEvent(type: SwarmEvent["type"], times = 1): Promise<void> {
    await this.until(`${times} × ${type}`, async () => {
      return (await this.project.events()).filter((event) => event.type === type).length >= times;
    });
  }

  /** Waits for one of the ends a scenario may have, and until no session of the project runs any more. */
  async settled(ends: readonly End[]): Promise<End> {
    let reached: End | undefined;
    await this.until(`an end (${ends.join(", ")}), with no session at work`, async () => {
      if (await this.busy()) return false;
      const state = await this.project.state();
      reached = endOf(state);
      // A turn that just ended may be followed by another at once: the end has to be one that lasts.
      return reached !== undefined && ends.includes(reached) && !(await this.busy());
    });
    return reached ?? "talk";
  }

  async busy(): Promise<boolean> {
    const { client } = this.project;
    const status = await withinTime(CALL_MS, [], (signal) => client.session.status({}, { signal }));
    if (status.error) throw new Error(`no status of the sessions: ${JSON.stringify(status.error)}`);
    return Object.values(status.data ?? {}).some(({ type }) => type !== "idle");
  }

  private async stopSessions(): Promise<void> {
    const { client } = this.project;
    const within = <T>(run: (options: { signal: AbortSignal }) => Promise<T>) =>
      withinTime(CALL_MS, [], (signal) => run({ signal }));
    const status = await within((options) => client.session.status({}, options)).catch(() => ({ data: {} }));
    for (const [sessionID, { type }] of Object.entries<{ type: string }>(status.data ?? {})) {
      if (type !== "idle")
        await within((options) => client.session.abort({ sessionID }, options)).catch(() => undefined);
    }
  }

  async workers(): Promise<Swarm["workers"]> {
    return (await this.project.state())?.workers ?? [];
  }

  /** What is known of a scenario that did not end, for whoever has to find out why. */
  async describe(): Promise<string> {
    const events = await this.project.events().catch((error: unknown) => [String(error)]);
    const tools = await this.chat.tools().catch(() => []);
    return [
      ...events.slice(-12).map((event) => JSON.stringify(event).slice(0, 300)),
      ...tools.slice(-4).map((part) => `${part.tool} ${part.status}: ${part.text.slice(0, 300)}`),
      ((await this.project.read(".aegis/plugin.log")) ?? "").slice(-2_000),
      ...this.untaken.map((words) => words.slice(0, 500)),
    ].join("\n");
  }

  /** Undoes what the scenario did, and stops whatever still runs: the next one has the host to itself. */
  async close(): Promise<void> {
    for (const undo of this.cleanups.reverse()) await undo();
    await this.stopSessions();
    await rm(this.beside, { recursive: true, force: true });
  }
}

/** The lasting end a state shows; undefined while something is still to come. */
function endOf(state: SwarmState): End | undefined {
  if (!state) return "talk";
  if (isOver(state)) return state.phase === "done" ? "done" : "aborted";
  if (state.paused) return "paused";
  if (state.question) return "question";
  if (state.exhausted) return "exhausted";
  return state.phase === "design" && state.design.status !== "agreed" ? "talk" : undefined;
}

/** Plays a misbehaving model: the person asks and says yes, the others are sound. */
export async function playBehaviour(stage: Stage, behaviour: Behaviour): Promise<void> {
  const steps = typeof behaviour.steps === "function" ? behaviour.steps(stage) : behaviour.steps;
  stage.teach(
    byRole({
      commander:
        behaviour.role === "commander"
          ? misbehaving(soundCommander(PARTS), steps, behaviour.at ? takes(behaviour.at) : undefined)
          : soundCommander(PARTS),
      worker: byBriefing([
        [/PART<good>/u, soundWorker(GOOD)],
        [/PART<bad>/u, behaviour.role === "commander" ? soundWorker(BAD) : misbehaving(soundWorker(BAD), steps)],
      ]),
      scout: (turn) => stepAt(behaviour.helpers ?? [], turn.assistantTurns, turn) ?? say("Scripted: found."),
      librarian: () => say("Scripted: found."),
    }),
  );
  const [first = "Build both parts", ...rest] = behaviour.person ?? ["Build both parts", "1"];
  await stage.talk(first);
  for (const text of rest) await stage.talk(text);
}

/** Every process: its id, working directory and command line. */
async function processes(): Promise<{ pid: number; cwd: string; command: string }[]> {
  const listed = await execa("bash", [
    "-c",
    'for p in /proc/[0-9]*; do printf "%s\\t%s\\t%s\\n" "${p#/proc/}" "$(readlink $p/cwd 2>/dev/null)" "$(tr "\\0\\n" "  " < $p/cmdline 2>/dev/null)"; done 2>/dev/null',
  ]);
  return listed.stdout.split("\n").map((line) => {
    const [pid = "", cwd = "", command = ""] = line.split("\t");
    return { pid: Number(pid), cwd, command };
  });
}

/** Whether a process with these words in its command line runs anywhere. */
export async function runs(words: RegExp): Promise<boolean> {
  return (await processes()).some(({ command }) => words.test(command));
}

/** Processes of a scenario that are still there: they work in one of its directories or name one. The host is none. */
export async function leftovers(dirs: readonly string[], hosts: readonly number[]): Promise<string[]> {
  return (await processes())
    .filter(({ pid, cwd, command }) => {
      if (hosts.includes(pid) || pid === process.pid) return false;
      return dirs.some((dir) => cwd === dir || cwd.startsWith(`${dir}/`) || command.includes(dir));
    })
    .map(({ pid, cwd, command }) => `${pid} in ${cwd}: ${command}`);
}
