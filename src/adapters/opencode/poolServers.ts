import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { PoolServer, PoolServers } from "../../ports/poolServers.ts";
import { GUARD } from "../programs/guard.ts";
import { portIsFree } from "../programs/portIsFree.ts";
import { signalGroup } from "../programs/signalGroup.ts";
import { opencodeOutput } from "./opencodeOutput.ts";
import { askToEnd, type OwnOpencode, ownEnvironment } from "./ownOpencode.ts";
import { ServedSessions } from "./servedSessions.ts";

export interface ServeSettings extends OwnOpencode {
  /** Until a look at it is answered (ms). */
  healthTimeoutMs: number;
}

/** `opencode serve` processes on loopback, each with a password of its own; they die with this process, however it dies. */
export class OpenCodeServers implements PoolServers {
  private readonly settings: ServeSettings;

  constructor(settings: ServeSettings) {
    this.settings = settings;
  }

  async start(port: number): Promise<PoolServer | "taken"> {
    if (!(await portIsFree("127.0.0.1", port))) return "taken";
    const { program, projectDir, startTimeoutMs, stopTimeoutMs, healthTimeoutMs } = this.settings;
    const env = await ownEnvironment(this.settings, String(port));
    const args = ["serve", "--hostname", "127.0.0.1", "--port", String(port), "--print-logs", "--log-level", "WARN"];
    const child = execa("sh", ["-c", GUARD, "guard", randomUUID(), program, ...args], {
      cwd: projectDir,
      env,
      extendEnv: false,
      detached: true,
      reject: false,
      buffer: false,
      stdin: "pipe",
      all: true,
    });
    const said = opencodeOutput(child.all);
    let stopped: () => void = () => undefined;
    const ended = Promise.race([child.then(() => undefined), new Promise<void>((resolve) => (stopped = resolve))]);
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const stop = async () => {
      const asked = askToEnd(child.pid, ended, stopTimeoutMs);
      // A process that was stopped (SIGSTOP) hears of nothing until it goes on.
      signalGroup(child.pid, "SIGCONT");
      await asked;
      // The guard ends all of it as soon as its input closes.
      child.stdin.destroy();
      // Its output stays open for as long as anything has it that the guard did not find.
      await Promise.race([ended, exited]);
      stopped();
    };
    const timer = new AbortController();
    const late = sleep(startTimeoutMs, "late" as const, { signal: timer.signal }).catch(() => "late" as const);
    const first = await Promise.race([said.address, ended, late]);
    timer.abort();
    if (first === undefined || first === "late" || new URL(first).port !== String(port)) {
      await stop();
      // Somebody was faster between the look and the start.
      if (first !== "late" && !(await portIsFree("127.0.0.1", port))) return "taken";
      const why = first === "late" ? `named no address within ${startTimeoutMs / 1000} s` : "ended at once";
      throw new Error(`opencode serve on port ${port} ${why}: ${said.tail().slice(-600)}`);
    }
    const sessions = new ServedSessions({
      url: first,
      password: env.OPENCODE_SERVER_PASSWORD,
      projectDir,
      healthTimeoutMs,
      ended,
    });
    return {
      port,
      ended,
      ask: (request, signal) => sessions.ask(request, signal),
      healthy: () => sessions.healthy(),
      stop,
    };
  }
}
