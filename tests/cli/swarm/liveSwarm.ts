import { join } from "node:path";
import { onTestFinished } from "vitest";
import { FileEventLogs } from "../../../src/adapters/log/fileEventLogs.ts";
import { FileInbox } from "../../../src/adapters/log/fileInbox.ts";
import { FileLease } from "../../../src/adapters/log/fileLease.ts";
import type { SwarmCommand } from "../../../src/core/workflow/commands.ts";
import type { Effect } from "../../../src/core/workflow/react.ts";
import { InboxReader } from "../../../src/runtime/inboxReader.ts";
import { SwarmRuntime } from "../../../src/runtime/swarm.ts";

export const SWARM = "s-20260101-120000-abcd";
const T0 = 1_767_268_800_000;

/** Commands that bring a swarm to two Workers at work, as the plugin would put them. */
export const upToMonitoring: readonly SwarmCommand[] = [
  {
    type: "begin_swarm",
    at: T0,
    id: SWARM,
    session: "ses_commander",
    settings: {
      maxWorkers: 8,
      maxRetries: 3,
      maxContinuations: 3,
      designOptional: false,
      skipPhrases: ["just do it"],
    },
    head: "",
    dirty: [],
    language: "en",
  },
  { type: "person_spoke", at: T0 + 1, text: "just do it: a store and an API", autopilot: false, via: "message" },
  { type: "skip_design", at: T0 + 2, reason: "the person asked for it" },
  { type: "complete_foundation", at: T0 + 3, summary: "types", commit: "c0", tree: "t0", paths: [], qa: [] },
  {
    type: "dispatch_workers",
    at: T0 + 4,
    workers: [
      { name: "store", feature: "store", fileScope: ["src/store/**"], spec: "keep notices" },
      { name: "api", feature: "api", fileScope: ["src/api/**"], spec: "serve notices" },
    ],
  },
  { type: "worker_started", at: T0 + 5, worker: "w01", session: "ses_store" },
];

/** Writes the log that `commands` lead to, in the project's `.aegis`. */
export async function writeSwarm(
  project: string,
  commands: readonly SwarmCommand[] = upToMonitoring,
): Promise<{ runtime: SwarmRuntime; effects: Effect[] }> {
  const effects: Effect[] = [];
  const runtime = new SwarmRuntime(new FileEventLogs(join(project, ".aegis")), (effect) => effects.push(effect));
  for (const command of commands) {
    const decision = await runtime.submit(command);
    if (!decision.ok) throw new Error(`${command.type}: ${decision.refusal.happened}`);
  }
  return { runtime, effects };
}

/** This process as the one that drives the project's swarm: its lease, its runtime, and its ear at the inbox. */
export async function driveSwarm(project: string, commands: readonly SwarmCommand[] = upToMonitoring) {
  const stateDir = join(project, ".aegis");
  const { runtime, effects } = await writeSwarm(project, commands);
  const lease = new FileLease(stateDir);
  await lease.acquire();
  const log: string[] = [];
  const reader = new InboxReader(
    new FileInbox(stateDir),
    { swarm: runtime, lease, log: (message) => log.push(message), now: () => T0 + 1000 },
    async () => {
      await runtime.submit({ type: "resume_swarm", at: T0 + 1000 });
    },
  );
  reader.start();
  onTestFinished(async () => {
    reader.close();
    await lease.release();
  });
  return { runtime, effects, lease, log };
}
