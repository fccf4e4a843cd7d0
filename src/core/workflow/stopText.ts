import type { Language } from "./model.ts";
import type { StopCause } from "./stopCause.ts";

/** What a person is told about a Commander that stopped, with the next step. */
export function stopText(cause: StopCause, language: Language): string {
  const korean = language === "ko";
  if (cause.kind === "cut") {
    const what = CUTS[cause.what]?.[korean ? 1 : 0] ?? cause.what;
    return korean
      ? `Commander의 답이 거듭 잘려서 멈췄습니다(${what}). 더 작은 일을 말해 주거나, 다른 모델을 고르거나, \`oh-my-qwencoder swarm resume\` 을 쓰세요.`
      : `The Commander stopped: its answers were cut off again and again (${what}). Write to it and ask for a smaller step, choose another model, or use \`oh-my-qwencoder swarm resume\`.`;
  }
  const { failure, detail } = cause;
  const [english, inKorean] = MENDS[failure] ?? LOOK;
  return korean
    ? `Commander의 모델 요청이 실패해서 멈췄습니다(${failure}): ${detail} ${inKorean} 그런 다음 메시지를 보내거나 \`oh-my-qwencoder swarm resume\` 을 쓰세요.`
    : `The Commander stopped: its model request failed (${failure}): ${detail} ${english} Then write to it, or use \`oh-my-qwencoder swarm resume\`.`;
}

/** What a person is told about a Commander that waits for its take-up. `now` is ms since the epoch. */
export function waitText(
  waiting: { failure: string; since: number; waitMs: number },
  now: number,
  language: Language,
): string {
  const seconds = Math.ceil(Math.max(0, waiting.since + waiting.waitMs - now) / 1000);
  return language === "ko"
    ? `모델 서버가 답하지 않았습니다(${waiting.failure}). Commander가 ${seconds}초 뒤에 이어서 합니다.`
    : `The model server did not answer (${waiting.failure}). The Commander goes on in ${seconds} s.`;
}

type Mend = readonly [english: string, korean: string];

/** What an answer did that was cut, by the gate's word for it. */
const CUTS: Readonly<Record<string, Mend>> = {
  closingTags: ["it repeated the same closing tags", "같은 닫는 태그를 되풀이"],
  repeatedToken: ["it repeated the same word", "같은 낱말을 되풀이"],
  repeatedLine: ["it repeated the same line", "같은 줄을 되풀이"],
  emptyCall: ["it announced a tool call and made none", "도구를 부른다고 하고 부르지 않음"],
  outputLimit: ["it reached the output limit", "출력 한도에 닿음"],
};

const LOOK: Mend = [
  "Look at the model server with `oh-my-qwencoder doctor`.",
  "`oh-my-qwencoder doctor` 로 모델 서버를 살펴보세요.",
];

const MENDS: Readonly<Record<string, Mend>> = {
  auth: ["Mend the provider's key.", "제공자의 키를 고치세요."],
  quota: ["Free the provider's quota, or choose another model.", "제공자의 한도를 늘리거나 다른 모델을 고르세요."],
  unknown: [
    "`.aegis/gate.jsonl` and `.aegis/plugin.log` say what was refused.",
    "무엇이 거절되었는지는 `.aegis/gate.jsonl` 과 `.aegis/plugin.log` 에 있습니다.",
  ],
};
