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
}

/** Calls that are remembered as begun: more than can run at once, by far. */
const REMEMBERED = 1_000;

/** Keeps when tool calls of swarm sessions began and ended, for those that watch. In no hook's way: the host waits for none of it. */
export class CallLog {
  private readonly services: Pick<SwarmServices, "log">;
  private readonly roleOf: (session: string) => Promise<string>;
  private readonly log: TurnedLog;
  private readonly begun = new Set<string>();

  /** @param roleOf of a session; "none" and "replaced" leave no trace */
  constructor(services: Pick<SwarmServices, "log" | "projectDir">, roleOf: (session: string) => Promise<string>) {
    this.services = services;
    this.roleOf = roleOf;
    this.log = new TurnedLog(path.join(services.projectDir, ".aegis"), "calls");
  }

  /** Never rejects. */
  async seen({ session, call, tool, args, status, time: { start, end } }: HostCall): Promise<void> {
    const ended = status === "completed" || status === "error";
    if (!ended && (status !== "running" || this.begun.has(call))) return;
    if (ended) this.begun.delete(call);
    else this.begun.add(call);
    if (this.begun.size > REMEMBERED) this.begun.clear();
    try {
      const role = await this.roleOf(session);
      if (role === "none" || role === "replaced") return;
      const about = { session, role, call, tool, start, what: callWords(tool, args) };
      const line: CallLine = ended
        ? { ...about, state: "ended", end: end ?? start, ok: status === "completed" }
        : { ...about, state: "began" };
      this.log.append(new Date(end ?? start), line);
    } catch (error) {
      this.services.log("when a tool call ran cannot be kept", error);
    }
  }
}
