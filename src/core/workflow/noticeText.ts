import type { Effect } from "./react.ts";
import type { Swarm } from "./state.ts";
import { stopText, waitText } from "./stopText.ts";

/** What a person is told of an effect that only tells; empty where there is nothing to say. @param now ms since the epoch */
export function noticeText(what: Extract<Effect, { type: "notify" }>["what"], state: Swarm, now: number): string {
  const korean = state.language === "ko";
  switch (what) {
    case "committed":
      return korean
        ? `커밋했습니다: ${state.commit?.commit.slice(0, 10)}`
        : `Committed ${state.commit?.commit.slice(0, 10)}`;
    case "aborted":
      return korean ? `스웜을 중단했습니다: ${state.abort?.reason}` : `Swarm aborted: ${state.abort?.reason}`;
    case "overridden":
      return korean ? "게이트를 해제했습니다" : "A gate was overridden";
    case "commander-waits": {
      const waiting = state.commanderTrouble?.waiting;
      return waiting ? waitText(waiting, now, state.language) : "";
    }
    case "continuation-exhausted":
      if (state.stopped) return stopText(state.stopped, state.language);
      return korean
        ? "Commander가 더 진행하지 못합니다. 메시지를 보내 주세요."
        : "The Commander makes no progress. Write to it to go on.";
  }
}

/** The host started no turn for the Commander: nothing else moves its swarm. */
export function unreachedText(language: Swarm["language"] | undefined): string {
  return language === "ko"
    ? "Commander를 깨우지 못했습니다. 메시지를 보내면 계속합니다."
    : "The Commander could not be sent on. Write to it to go on.";
}

/** Which Workers' branches are kept, and why; empty where none is. */
export function keptText({ workers, language }: Swarm): string {
  const kept = workers.flatMap(({ assignment, worktree }) =>
    worktree?.closed?.kept === undefined
      ? []
      : [`${assignment.id}: ${worktree.closed.kept} (${worktree.closed.why ?? ""})`],
  );
  if (kept.length === 0) return "";
  const heading =
    language === "ko" ? "병합되지 않은 작업이 남아 있습니다" : "Work that is in no commit of yours is kept";
  return `${heading}: ${kept.join("; ")}`;
}
