import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { say } from "../../../vllm/simulator/brain.ts";
import type { Fault } from "../scenario.ts";
import { runs, type Stage } from "../stage.ts";
import { begin, comeBack, crash, fault, holdAt, inTheMiddle, sound } from "./play.ts";

const kill = (phase: string, what: string, play: Fault["play"], more: Partial<Fault> = {}): Fault =>
  fault(`kill-in-${phase}`, `kill -9 of OpenCode ${what}`, play, { ownHost: true, ...more });

/** Kills as soon as the log has the event; what it caused may or may not have begun. */
const killAfter = (phase: string, type: SwarmEvent["type"], what: string, more: Partial<Fault> = {}): Fault =>
  kill(
    phase,
    what,
    async (stage) => {
      sound(stage);
      await begin(stage);
      await stage.untilEvent(type);
      await crash(stage);
      return undefined;
    },
    more,
  );

const killBefore = (phase: string, at: Parameters<typeof holdAt>[0], what: string): Fault =>
  kill(phase, what, async (stage) => {
    const { cast, gate, reached } = holdAt(at);
    sound(stage, cast);
    await begin(stage);
    await stage.until(`the Commander comes to ${at}`, reached);
    await stage.host.kill();
    gate.release();
    await comeBack(stage);
    return undefined;
  });

async function untilRuns(stage: Stage, words: RegExp): Promise<void> {
  await stage.until(`a process like ${words}`, () => runs(words));
}

/** The new process has read the swarm's log, and decided what to take up: its plugin hears every message after that. */
async function hearsMessages(stage: Stage): Promise<void> {
  const other = await stage.project.chat(() => say("Scripted: hello."), "build");
  await other.say("hello");
}

async function reportedOnce(stage: Stage): Promise<readonly string[]> {
  const asked = (await stage.project.events()).filter(({ type }) => type === "report_asked").length;
  const listed = await stage.project.client.session.messages({ sessionID: stage.chat.session });
  const reports = (listed.data ?? []).filter(
    ({ info, parts }) => info.role === "assistant" && /the final report/u.test(JSON.stringify(parts)),
  ).length;
  return [
    ...(asked === 1 ? [] : [`the report was asked for ${asked} times`]),
    ...(reports === 1 ? [] : [`the person has ${reports} reports`]),
  ];
}

/** kill -9 of OpenCode, in every phase, between calls and within them. */
export const CRASHES: readonly Fault[] = [
  kill("design-before-proposal", "while the Commander thinks about the design", async (stage) => {
    const { cast, gate, reached } = holdAt("propose_design");
    sound(stage, cast);
    stage.say("Build both parts");
    await stage.until("the Commander thinks", reached);
    await stage.host.kill();
    gate.release();
    await stage.host.revive();
    // No design, so nothing goes on by itself: the person asks again, in the same swarm.
    await stage.talk("Please go on");
    await stage.talk("1");
    return undefined;
  }),
  kill("design-question", "while the design waits for the person", async (stage) => {
    sound(stage);
    await stage.talk("Build both parts");
    await crash(stage);
    await stage.talk("1");
    return undefined;
  }),
  killAfter("design-answered", "design_answered", "right after the person said yes"),
  killBefore("foundation", "complete_foundation", "while the Commander works on the foundation"),
  killAfter("foundation-recorded", "foundation_completed", "right after the foundation was recorded"),
  killBefore("dispatch", "dispatch_workers", "before the dispatch"),
  killAfter("dispatch-started", "workers_dispatched", "right after the dispatch", { sample: true }),
  killAfter("dispatch-sessions", "worker_started", "right after the first Worker's session was made"),
  kill(
    "monitoring",
    "while one Worker has reported and the other is in the middle of its part",
    async (stage) => {
      const gate = await inTheMiddle(stage);
      await stage.host.kill();
      gate.release();
      await comeBack(stage);
      return undefined;
    },
    { sample: true },
  ),
  killAfter("monitoring-reported", "worker_reported", "right after the first report"),
  killAfter("integrate", "conflicts_checked", "right after check_conflicts"),
  kill(
    "qa",
    "while the project's checks run",
    async (stage) => {
      sound(stage);
      await begin(stage);
      await stage.untilState("integrate", (swarm) => swarm.phase === "integrate");
      await untilRuns(stage, /node slow-qa\.mjs/u);
      await crash(stage);
      return undefined;
    },
    {
      files: {
        "package.json": JSON.stringify({
          name: "p",
          private: true,
          type: "module",
          scripts: { test: "node slow-qa.mjs && node check.mjs" },
        }),
        "slow-qa.mjs": "await new Promise((resolve) => setTimeout(resolve, 4000));\n",
      },
    },
  ),
  killAfter("final-qa", "qa_ran", "right after QA passed"),
  kill("commit", "as soon as the branch has moved to the commit", async (stage) => {
    sound(stage);
    await begin(stage);
    const head = path.join(stage.dir, ".git/refs/heads/main");
    await stage.until("HEAD moves", async () => (await readFile(head, "utf8")).trim() !== stage.before.git.head);
    await crash(stage);
    return undefined;
  }),
  kill(
    "report",
    "between the recorded commit and the Commander's report, and again after the report",
    async (stage) => {
      const { cast, gate, reached } = holdAt("report");
      sound(stage, cast);
      await begin(stage);
      await stage.until("the Commander comes to its report", reached);
      await stage.host.kill();
      gate.release();
      await comeBack(stage);
      await stage.untilEvent("report_given");
      await crash(stage);
      await hearsMessages(stage);
      return undefined;
    },
    { check: reportedOnce },
  ),
  kill("commit-hook", "while the project's own commit hook runs", async (stage) => {
    const hook = path.join(stage.dir, ".git/hooks/pre-commit");
    await execa("bash", ["-c", `printf '#!/bin/sh\\nexec sleep 3.0625\\n' > "$0" && chmod +x "$0"`, hook]);
    stage.persons.add("git hooks");
    sound(stage);
    await begin(stage);
    await stage.untilEvent("qa_ran");
    await untilRuns(stage, /sleep 3\.0625/u);
    await crash(stage);
    return undefined;
  }),
  kill(
    "every-phase",
    "five times, once in every phase from foundation on",
    async (stage) => {
      sound(stage);
      await begin(stage);
      for (const type of [
        "design_approved",
        "workers_dispatched",
        "worker_reported",
        "conflicts_checked",
        "qa_ran",
      ] as const) {
        await stage.untilEvent(type);
        await crash(stage);
      }
      return undefined;
    },
    { limitS: 600 },
  ),
];
