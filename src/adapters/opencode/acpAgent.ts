import { randomBytes, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { AgentProcess } from "../../ports/agentProcess.ts";
import { messageOf } from "../../ports/thrown.ts";
import { GUARD_WITH_INPUT } from "../programs/guard.ts";
import { signalGroup } from "../programs/signalGroup.ts";
import { AcpSessions } from "./acpSessions.ts";
import { NOBODY_THERE, UNATTENDED_OPENCODE } from "./quietOpencode.ts";

export interface AcpSettings {
  /** The `opencode` program. */
  program: string;
  projectDir: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Where it keeps a database of its own: several processes on one lock each other out. */
  stateDir: string;
  /** Until it has answered the first request (ms). */
  startTimeoutMs: number;
  /** Until the polite end is over (ms). */
  stopTimeoutMs: number;
  /** Between two looks at it while it works (ms), and how long it may take to answer one. */
  healthEveryMs: number;
  healthTimeoutMs: number;
}

const TAIL = 4_000;

/**
 * Starts `opencode acp` and says hello. It dies with this process, however this one dies; its HTTP side has a password that
 * nobody is told.
 *
 * @throws where it does not come up in time, with the end of what it wrote
 */
export async function startAcpAgent(settings: AcpSettings): Promise<AgentProcess> {
  const { program, projectDir, env, stateDir, startTimeoutMs, stopTimeoutMs } = settings;
  await mkdir(join(stateDir, "pool"), { recursive: true, mode: 0o700 });
  const args = ["acp", "--hostname", "127.0.0.1", "--cwd", projectDir, "--print-logs", "--log-level", "WARN"];
  const child = execa("sh", ["-c", GUARD_WITH_INPUT, "guard", randomUUID(), program, ...args], {
    cwd: projectDir,
    env: {
      ...env,
      ...UNATTENDED_OPENCODE,
      // A refusal in the protocol ends the turn; a rule is told to the model, which goes on.
      OPENCODE_PERMISSION: JSON.stringify(Object.fromEntries(NOBODY_THERE.map((each) => [each, "deny"]))),
      OPENCODE_SERVER_PASSWORD: randomBytes(24).toString("base64url"),
      OPENCODE_SERVER_USERNAME: "opencode",
      OPENCODE_DB: join(stateDir, "pool", "acp.db"),
    },
    extendEnv: false,
    detached: true,
    reject: false,
    buffer: false,
    stdio: ["pipe", "pipe", "pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    said = (said + text).slice(-TAIL);
  });
  const ended = child.then(() => undefined);
  const kill = async () => {
    // The guard ends all of it as soon as its line closes.
    for (const stream of [child.stdio[4], child.stdin]) stream?.destroy();
    await ended;
  };
  const stop = async () => {
    signalGroup(child.pid, "SIGTERM");
    const timer = new AbortController();
    await Promise.race([ended, sleep(stopTimeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
    timer.abort();
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
    const words = said.trim().slice(-600);
    throw new Error(`opencode acp did not come up: ${messageOf(error)}${words === "" ? "" : `: ${words}`}`);
  }
  return { ended, stop, ask: (request, signal, onUpdate) => sessions.ask(request, signal, onUpdate) };
}
