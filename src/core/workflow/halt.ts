import type { Language } from "./model.ts";
import type { Swarm } from "./state.ts";
import type { StopCause } from "./stopCause.ts";
import { stopText, waitText } from "./stopText.ts";
import { whoWord } from "./swarmWords.ts";

/** Why a swarm does not go on, or not by itself. */
export type Halt =
  | { kind: "aborted"; by: string; reason: string }
  /** The person stopped the Commander. */
  | { kind: "paused" }
  /** The Commander is not sent on any more; `cause` where the model is the reason, else it made no progress. */
  | { kind: "exhausted"; cause: StopCause | null }
  /** The Commander is sent on again `waitMs` after `since` (both ms). */
  | { kind: "waiting"; failure: string; since: number; waitMs: number };

/** What holds the swarm up; null where it goes on, or has come to its end. */
export function haltOf({ abort, paused, exhausted, stopped, commanderTrouble }: Swarm): Halt | null {
  if (abort) return { kind: "aborted", by: abort.by, reason: abort.reason };
  if (paused) return { kind: "paused" };
  if (exhausted) return { kind: "exhausted", cause: stopped ?? null };
  const waiting = commanderTrouble?.waiting;
  if (!waiting) return null;
  return { kind: "waiting", failure: waiting.failure, since: waiting.since, waitMs: waiting.waitMs };
}

/** What a person is told about it, with the next step. @param now ms since the epoch */
export function haltText(halt: Halt, now: number, language: Language): string {
  const korean = language === "ko";
  switch (halt.kind) {
    case "aborted": {
      const by = whoWord(language, halt.by);
      const reason = halt.reason.replace(/[.!?]$/u, "");
      return korean
        ? `중단됨 (${by}): ${reason}. 파일은 그대로입니다. 커맨더에게 메시지를 보내면 새 스웜이 시작됩니다.`
        : `Aborted (${by}): ${reason}. The files stay as they are; your next message to the Commander begins a new swarm.`;
    }
    case "paused":
      return korean
        ? "직접 멈춘 상태입니다. 커맨더에게 말을 걸거나 `oh-my-qwencoder swarm resume` 을 쓰면 이어집니다."
        : "Stopped by you; it goes on when you write to the Commander, or with `oh-my-qwencoder swarm resume`.";
    case "exhausted":
      if (halt.cause) return stopText(halt.cause, language);
      return korean
        ? "커맨더가 진전 없이 차례를 거듭 끝냈습니다. 말을 걸거나 `oh-my-qwencoder swarm resume` 을 쓰세요."
        : "The Commander ended its turn again and again without progress. Write to it, or use `oh-my-qwencoder swarm resume`.";
    case "waiting":
      return waitText(halt, now, language);
  }
}
