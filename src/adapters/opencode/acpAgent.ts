import { randomUUID } from "node:crypto";
import { Writable } from "node:stream";
import { execa } from "execa";
import type { AgentProcess } from "../../ports/agentProcess.ts";
import { messageOf } from "../../ports/thrown.ts";
import { GUARD_WITH_INPUT } from "../programs/guard.ts";
import { AcpSessions } from "./acpSessions.ts";
import { opencodeOutput } from "./opencodeOutput.ts";
import { askToEnd, type OwnOpencode, ownEnvironment } from "./ownOpencode.ts";
import { NOBODY_THERE } from "./quietOpencode.ts";

export interface AcpSettings extends OwnOpencode {
  /** Between two looks at it while it works (ms), and how long it may take to answer one. */
  healthEveryMs: number;
  healthTimeoutMs: number;
}

/**
 * Starts `opencode acp` and says hello. It dies with this process, however this one dies; its HTTP side has a password that
 * nobody is told.
 *
 * @throws where it does not come up in time, with the end of what it wrote
 */
export async function startAcpAgent(settings: AcpSettings): Promise<AgentProcess> {
  const { program, projectDir, startTimeoutMs, stopTimeoutMs } = settings;
  const args = ["acp", "--hostname", "127.0.0.1", "--cwd", projectDir, "--print-logs", "--log-level", "WARN"];
  const child = execa("sh", ["-c", GUARD_WITH_INPUT, "guard", randomUUID(), program, ...args], {
    cwd: projectDir,
    env: {
      ...(await ownEnvironment(settings, "acp")),
      // A refusal in the protocol ends the turn; a rule is told to the model, which goes on.
      OPENCODE_PERMISSION: JSON.stringify(Object.fromEntries(NOBODY_THERE.map((each) => [each, "deny"]))),
    },
    extendEnv: false,
    detached: true,
    reject: false,
    buffer: false,
    stdio: ["pipe", "pipe", "pipe", "ignore", "pipe"],
  });
  const said = opencodeOutput(child.stderr);
  const ended = child.then(() => undefined);
  const kill = async () => {
    // The guard ends all of it as soon as its line closes.
    for (const stream of [child.stdio[4], child.stdin]) stream?.destroy();
    await ended;
  };
  const stop = async () => {
    // One that hangs is not woken for it: it would go on with what was given up.
    await askToEnd(child.pid, ended, stopTimeoutMs);
    await kill();
  };
  // Not `Readable.toWeb`: its type is not the global one.
  let read = true;
  const input = new ReadableStream<Uint8Array>({
    start: (controller) => {
      child.stdout.on("data", (bytes: Buffer) => read && controller.enqueue(bytes));
      child.stdout.once("close", () => read && controller.close());
    },
    cancel: () => {
      read = false;
    },
  });
  const sessions = new AcpSessions({
    output: Writable.toWeb(child.stdin),
    input,
    projectDir,
    ended,
    kill,
    healthEveryMs: settings.healthEveryMs,
    healthTimeoutMs: settings.healthTimeoutMs,
  });
  try {
    await sessions.hello(startTimeoutMs);
  } catch (error) {
    // A process that ended at once is often noticed by what it no longer reads; its own words come with its end.
    await stop();
    const words = said.tail().slice(-600);
    throw new Error(`opencode acp did not come up: ${messageOf(error)}${words === "" ? "" : `: ${words}`}`);
  }
  return { ended, stop, ask: (request, signal, onUpdate) => sessions.ask(request, signal, onUpdate) };
}
