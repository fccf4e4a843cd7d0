import type { Brain, Reply, Turn } from "../../../vllm/simulator/brain.ts";
import { byBriefing, byRole, say } from "../../../vllm/simulator/brain.ts";
import type { Fault, Milestone } from "../scenario.ts";
import { soundCommander, soundWorker, takes } from "../soundModel.ts";
import { BAD, GOOD, PARTS, type Stage } from "../stage.ts";

/** A fault whose swarm is brought to its end on the host that all share, where `more` says nothing else. */
export const fault = (name: string, what: string, play: Fault["play"], more: Partial<Fault> = {}): Fault => ({
  name,
  what,
  limitS: 420,
  ends: ["done"],
  ownHost: false,
  play,
  ...more,
});

/** Holds a model's answer back until it is opened. */
export class Gate {
  private open = false;
  private readonly waiting = new Set<() => void>();

  release(): void {
    this.open = true;
    for (const go of this.waiting) go();
  }

  async pass(signal: AbortSignal): Promise<void> {
    if (this.open) return;
    await new Promise<void>((resolve) => {
      this.waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/** The sound models of a fault: the Commander, `w01` and `w02`, and what stands in their way. */
export interface Cast {
  /** Called before each answer of a model; may wait, or answer in its place. */
  before?: (turn: Turn, wouldDo: Reply) => Promise<Reply | undefined> | Reply | undefined;
}

export function sound(stage: Stage, cast: Cast = {}): Brain {
  const plain = byRole({
    commander: soundCommander(PARTS),
    worker: byBriefing([
      [/PART<good>/u, soundWorker(GOOD)],
      [/PART<bad>/u, soundWorker(BAD)],
    ]),
    scout: () => say("Scripted: found."),
    librarian: () => say("Scripted: found."),
  });
  const brain: Brain = async (turn) => {
    const wouldDo = await plain(turn);
    return (await cast.before?.(turn, wouldDo)) ?? wouldDo;
  };
  stage.teach(brain);
  return brain;
}

/** Whether a turn is the Worker's that builds `part`. */
export const isPart = (turn: Turn, part: "good" | "bad"): boolean =>
  turn.role === "worker" && turn.firstUserText.includes(`PART<${part}>`);

/** Holds the Commander before it takes the step `milestone`, and says when it has come there. */
export function holdAt(milestone: Milestone): { cast: Cast; gate: Gate; reached: () => boolean } {
  const gate = new Gate();
  let there = false;
  const wants = takes(milestone);
  return {
    gate,
    reached: () => there,
    cast: {
      before: async (turn, wouldDo) => {
        if (turn.role !== "commander" || !wants(wouldDo)) return undefined;
        there = true;
        await gate.pass(turn.signal);
        return undefined;
      },
    },
  };
}

/** Holds the Worker `bad` before its second step: it has written, and not checked. */
export function holdWorker(): { cast: Cast; gate: Gate; reached: () => boolean } {
  const gate = new Gate();
  let there = false;
  return {
    gate,
    reached: () => there,
    cast: {
      before: async (turn) => {
        if (!isPart(turn, "bad") || turn.assistantTurns < 1) return undefined;
        there = true;
        await gate.pass(turn.signal);
        return undefined;
      },
    },
  };
}

/** Request and yes: the swarm works, nobody waits for it. */
export async function begin(stage: Stage): Promise<void> {
  await stage.talk("Build both parts");
  stage.say("1");
}

/** The swarm works, one Worker has reported, the other is held in the middle of its part until the gate opens. */
export async function inTheMiddle(stage: Stage): Promise<Gate> {
  const { cast, gate, reached } = holdWorker();
  sound(stage, cast);
  await begin(stage);
  await stage.until("the second Worker is at work", reached);
  await stage.untilEvent("worker_reported");
  return gate;
}

/** OpenCode is killed and started again, and the person's client comes back. */
export async function crash(stage: Stage): Promise<void> {
  await stage.host.kill();
  await comeBack(stage);
}

export async function comeBack(stage: Stage): Promise<void> {
  await stage.host.revive();
  // A client of the person's comes back: that is when OpenCode loads the project.
  await stage.project.client.session.list();
}
