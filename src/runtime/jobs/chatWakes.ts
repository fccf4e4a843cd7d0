import { setTimeout as pause } from "node:timers/promises";
import { noticeText, wakeText } from "../../core/jobs/notice.ts";
import type { EndedJob } from "../../core/jobs/record.ts";
import type { ChatWaits, FoundWait } from "../../ports/chatWaits.ts";
import type { Sessions } from "../../ports/sessions.ts";
import type { Turns } from "../turns.ts";

export interface WakeServices {
  waits: Pick<ChatWaits, "claim" | "told">;
  sessions: Pick<Sessions, "info" | "prompt" | "promptAgain" | "heard" | "notice">;
  turns: Pick<Turns, "whenIdle" | "begins">;
  log(message: string, error?: unknown): void;
  limits?: Partial<WakeLimits>;
}

/** All in ms. */
export interface WakeLimits {
  /** A call that an instance before this one has sent has come through or failed by then: each has a limit of 15 s. */
  onItsWay: number;
  /** A turn that a prompt starts has begun by then. */
  begins: number;
  /** Waits after tries that failed. What fails more often than that is left to the next OpenCode. */
  again: readonly number[];
}

const LIMITS: WakeLimits = { onItsWay: 20_000, begins: 5_000, again: [1_000, 5_000, 30_000] };

/**
 * Tells chats that their jobs have ended: between two turns, so that no turn of the person's goes on under another agent,
 * and once, also where OpenCode or its instance of the project ends in the middle of it.
 */
export class ChatWakes {
  private readonly services: WakeServices;
  private readonly limits: WakeLimits;

  constructor(services: WakeServices) {
    this.services = services;
    this.limits = { ...LIMITS, ...services.limits };
  }

  /** @param place where the result is. @param signal ends it; the chat is told by the next instance then */
  async tell(wait: FoundWait, job: EndedJob, place: string, signal: AbortSignal): Promise<void> {
    const { sessions, turns, waits, log } = this.services;
    const { session, task_id, begun } = wait;
    if (begun === "no") {
      const level = job.status === "completed" ? "info" : "warning";
      await sessions
        .notice(noticeText(job, "en"), level)
        .catch((error: unknown) => log("no screen for a notice", error));
    }
    if (begun === "here") await pause(this.limits.onItsWay, undefined, { signal });
    await turns.whenIdle(session, signal);
    if (signal.aborted || !(await waits.claim(task_id))) return;
    const text = wakeText(job, place);
    for (const [tries, waitMs] of [...this.limits.again, undefined].entries()) {
      try {
        if (tries === 0 && begun === "no") await this.prompt(wait, text);
        else await this.goOn(wait, text, signal);
        return await waits.told(task_id);
      } catch (error) {
        if (waitMs === undefined || signal.aborted) throw error;
        log(`the chat that waits for ${task_id} could not be told; it is tried again`, error);
        await pause(waitMs, undefined, { signal });
      }
    }
  }

  /** Somebody has tried before: the words may be there, with or without an answer. */
  private async goOn(wait: FoundWait, text: string, signal: AbortSignal): Promise<void> {
    const { sessions, turns } = this.services;
    if ((await sessions.heard(wait.session, text)) === "no") return this.prompt(wait, text);
    await turns.whenIdle(wait.session, signal);
    if ((await sessions.heard(wait.session, text)) === "unanswered") await this.promptAgain(wait, text);
  }

  private async prompt(wait: FoundWait, text: string): Promise<void> {
    const { sessions, turns } = this.services;
    const { session } = wait;
    const agent = await this.speakerOf(wait);
    if (agent === undefined) return;
    if (await turns.begins(session, () => sessions.prompt(session, { agent, text }), this.limits.begins)) return;
    // The host takes a prompt and runs nothing where a turn is just about to end, after a stop for example.
    const heard = await sessions.heard(session, text);
    if (heard === "no") throw new Error(`OpenCode took the words for session ${session} and does not have them.`);
    if (heard === "unanswered") await this.promptAgain(wait, text);
  }

  private async promptAgain(wait: FoundWait, text: string): Promise<void> {
    const { sessions, turns, log } = this.services;
    const { session, task_id } = wait;
    const agent = await this.speakerOf(wait);
    if (agent === undefined) return;
    log(`the end of ${task_id} was not answered; its turn is begun again`);
    await turns.begins(session, () => sessions.promptAgain(session, { agent, text }), this.limits.begins);
  }

  /** Undefined for a chat that was deleted, or that never said who it is with: it has heard by the notice. */
  private async speakerOf({ session, agent }: FoundWait): Promise<string | undefined> {
    const info = await this.services.sessions.info(session);
    return info && (agent ?? info.agent);
  }
}
