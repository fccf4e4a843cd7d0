import type { Refusal } from "../../src/core/workflow/refusal.ts";
import { refusal } from "../../src/core/workflow/refusal.ts";
import { Loops } from "../../src/runtime/loops.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { WorkerWatch } from "../../src/runtime/workerWatch.ts";
import type { SessionActor } from "../sessionRoles.ts";

/** Corrects a session that goes round in circles, and gives it up where that does not help. */
export class Repetition {
  private readonly loops: Loops;
  private readonly services: SwarmServices;
  private readonly watch: WorkerWatch;

  constructor(services: SwarmServices, watch: WorkerWatch) {
    this.loops = new Loops(services.settings.loopLimit);
    this.services = services;
    this.watch = watch;
  }

  /** A call is about to run. @returns the refusal of one that was made again and again. */
  async before(session: string, tool: string, args: unknown): Promise<Refusal | undefined> {
    const verdict = this.loops.see(session, tool, args);
    if (verdict === "give-up") {
      this.loops.forget(session);
      await this.watch.giveUp(session, `it made the same ${tool} call again and again`);
    }
    return verdict === "pass" ? undefined : sameAgain(tool);
  }

  worked(session: string): void {
    this.loops.worked(session);
  }

  /** A call failed. The same failure again and again, whatever else changes, is said in the turn that runs; then the
   * session is given up. */
  async failed(
    role: SessionActor["role"],
    failure: { session: string; call: string; tool: string; error: string },
  ): Promise<void> {
    if (role === "none" || role === "replaced") return;
    const { session, call, tool, error } = failure;
    const { settings, sessions, agents } = this.services;
    const verdict = this.loops.failed(session, call, tool, error);
    if (verdict === "give-up") {
      this.loops.forget(session);
      await this.watch.giveUp(session, `its ${tool} calls failed in the same way again and again`);
    }
    if (verdict === "pass" || verdict === "give-up") return;
    const text = `Your ${tool} calls failed ${settings.loopLimit} times in the same way. Read the last error, then do something else, or report what stands in the way.`;
    await sessions.prompt(session, { agent: agents[role], text });
  }
}

function sameAgain(tool: string): Refusal {
  return refusal(
    "repeated-call",
    `the same ${tool} call was made again and again with the same result.`,
    "do something else: read the last result, change the arguments, or report what stands in the way.",
  );
}
