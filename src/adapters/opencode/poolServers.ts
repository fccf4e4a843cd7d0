import { randomBytes, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { PoolServer, PoolServers } from "../../ports/poolServers.ts";
import { GUARD } from "../programs/guard.ts";
import { portIsFree } from "../programs/portIsFree.ts";
import { signalGroup } from "../programs/signalGroup.ts";
import { UNATTENDED_OPENCODE } from "./quietOpencode.ts";
import { ServedSessions } from "./servedSessions.ts";

export interface ServeSettings {
  /** The `opencode` program. */
  program: string;
  projectDir: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Where each server keeps a database of its own: several processes on one lock each other out. */
  stateDir: string;
  /** Until it names its address (ms). */
  startTimeoutMs: number;
  /** Until the polite end is over (ms). */
  stopTimeoutMs: number;
  /** Until a look at it is answered (ms). */
  healthTimeoutMs: number;
}

const TAIL = 4_000;

/** `opencode serve` processes on loopback, each with a password of its own; they die with this process, however it dies. */
export class OpenCodeServers implements PoolServers {
  private readonly settings: ServeSettings;

  constructor(settings: ServeSettings) {
    this.settings = settings;
  }

  async start(port: number): Promise<PoolServer | "taken"> {
    if (!(await portIsFree("127.0.0.1", port))) return "taken";
    const { program, projectDir, env, stateDir, startTimeoutMs, stopTimeoutMs, healthTimeoutMs } = this.settings;
    await mkdir(join(stateDir, "pool"), { recursive: true, mode: 0o700 });
    const password = randomBytes(24).toString("base64url");
    const args = ["serve", "--hostname", "127.0.0.1", "--port", String(port), "--print-logs", "--log-level", "WARN"];
    const child = execa("sh", ["-c", GUARD, "guard", randomUUID(), program, ...args], {
      cwd: projectDir,
      env: {
        ...env,
        ...UNATTENDED_OPENCODE,
        OPENCODE_SERVER_PASSWORD: password,
        OPENCODE_SERVER_USERNAME: "opencode",
        OPENCODE_DB: join(stateDir, "pool", `${port}.db`),
      },
      extendEnv: false,
      detached: true,
      reject: false,
      buffer: false,
      stdin: "pipe",
      all: true,
    });
    let said = "";
    let stopped: () => void = () => undefined;
    const ended = Promise.race([child.then(() => undefined), new Promise<void>((resolve) => (stopped = resolve))]);
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const stop = async () => {
      signalGroup(child.pid, "SIGTERM");
      // A process that was stopped (SIGSTOP) hears of nothing until it goes on.
      signalGroup(child.pid, "SIGCONT");
      const timer = new AbortController();
      await Promise.race([ended, sleep(stopTimeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
      timer.abort();
      // The guard ends all of it as soon as its input closes.
      child.stdin.destroy();
      // Its output stays open for as long as anything has it that the guard did not find.
      await Promise.race([ended, exited]);
      stopped();
    };
    const url = new Promise<string>((resolve) => {
      child.all.setEncoding("utf8");
      child.all.on("data", (text: string) => {
        said = (said + text).slice(-TAIL);
        const found = /opencode server listening on (https?:\/\/\S+)/.exec(said)?.[1];
        if (found) resolve(found);
      });
    });
    const timer = new AbortController();
    const late = sleep(startTimeoutMs, "late" as const, { signal: timer.signal }).catch(() => "late" as const);
    const first = await Promise.race([url, ended, late]);
    timer.abort();
    if (first === undefined || first === "late" || new URL(first).port !== String(port)) {
      await stop();
      // Somebody was faster between the look and the start.
      if (first !== "late" && !(await portIsFree("127.0.0.1", port))) return "taken";
      const why = first === "late" ? `named no address within ${startTimeoutMs / 1000} s` : "ended at once";
      throw new Error(`opencode serve on port ${port} ${why}: ${said.trim().slice(-600)}`);
    }
    const sessions = new ServedSessions({ url: first, password, projectDir, healthTimeoutMs, ended });
    return {
      port,
      ended,
      ask: (request, signal) => sessions.ask(request, signal),
      healthy: () => sessions.healthy(),
      stop,
    };
  }
}
