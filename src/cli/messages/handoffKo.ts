import type { handoffEn } from "./handoffEn.ts";

/** The same in Korean. */
export const handoffKo: Record<keyof typeof handoffEn, string> = {
  "handoff.description": "여기까지의 작업 상태를 다른 도구나 세션이 이어받을 수 있게 기록합니다",
  "handoff.to": "이어받을 도구",
  "handoff.from": "지금까지 작업한 도구 (없으면 알아냅니다)",
  "handoff.session": "프로젝트의 대화 (없으면 마지막 대화)",
  "handoff.task": "작업 설명",
  "handoff.noGit": "{dir} 은(는) git 저장소가 아닙니다. 핸드오프는 저장소에서 바뀐 것을 기록합니다.",
  "handoff.noGit.next": "프로젝트 안에서 실행하거나 먼저 `git init` 을 실행하세요.",
  "handoff.done": "{from}에서 {to}(으)로 핸드오프: {file} ({characters}자)",
  "handoff.empty": "작업 내용을 아직 알 수 없습니다. --task 로 알려 주세요.",
  "handoff.goOn": "프로젝트에서 이어서 하려면:",
  "handoff.headless": "대화 없이 실행하려면:",
};
