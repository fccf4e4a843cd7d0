import path from "node:path";
import { TurnedLog } from "../../src/adapters/log/turnedLog.ts";
import type { CallLine } from "../../src/core/view/callLine.ts";
import { callWords } from "../../src/core/view/callWords.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";

/** A tool call as the host tells it. Times in ms since the epoch. */
export interface HostCall {
  session: string;
  call: string;
  tool: string;
  args: unknown;
  /** The host's: pending, running, completed, error. */
  status: string;
  time: { start: number; end?: number | undefined };
  /** The session that the call started, once the host says it. */
  child?: string | undefined;
}

/** Calls that are remembered as begun: more than can run at once, by far. */
const REMEMBERED = 1_000;

/** Keeps when tool calls of swarm sessions began and ended, for those that watch. In no hook's way: the host waits for none of it. */
export class CallLog {
  private readonly services: Pick<SwarmServices, "log">;
  private readonly roleOf: (session: string) => Promise<string>;
  private readonly log: TurnedLog;
  /** What runs, with the session that it started. */
  private readonly begun = new Map<string, string | undefined>();

  /** @param roleOf of a session; "none" and "replaced" leave no trace */
  constructor(services: Pick<SwarmServices, "log" | "projectDir">, roleOf: (session: string) => Promise<string>) {
    this.services = services;
    this.roleOf = roleOf;
    this.log = new TurnedLog(path.join(services.projectDir, ".aegis"), "calls");
  }

  /** Never rejects. */
  async seen({ session, call, tool, args, status, time: { start, end }, ...more }: HostCall): Promise<void> {
    const ended = status === "completed" || status === "error";
    const known = this.begun.has(call);
    // A call that failed no longer says what it had started.
    const child = more.child ?? this.begun.get(call);
    if (ended) this.begun.delete(call);
    else if (status === "running") this.begun.set(call, child);
    if (!ended && (status !== "running" || known)) return;
    if (this.begun.size > REMEMBERED) this.begun.clear();
    try {
      const role = await this.roleOf(session);
      if (role === "none" || role === "replaced") return;
      const about = { session, role, call, tool, start, what: callWords(tool, args) };
      const line: CallLine = ended
        ? { ...about, state: "ended", end: end ?? start, ok: status === "completed", ...(child ? { child } : {}) }
        : { ...about, state: "began" };
      this.log.append(new Date(end ?? start), line);
    } catch (error) {
      this.services.log("when a tool call ran cannot be kept", error);
    }
  }
}
