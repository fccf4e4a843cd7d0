import type { Language } from "../workflow/model.ts";
import type { Section } from "./taskContext.ts";

interface Texts {
  title: string;
  switched(from: string, to: string): string;
  generated: string;
  left: string;
  session: string;
  item: string;
  value: string;
  project: string;
  time: string;
  usage: string;
  fiveHour: string;
  weekly: string;
  unknown: string;
  task: string;
  goal: string;
  constraints: string;
  todos: string;
  inProgress: string;
  modified: string;
  referenced: string;
  decisions: string;
  learnings: string;
  sections: Readonly<Record<Section, string>>;
}

/** 로 after a name that ends in a vowel or ㄹ when it is read, 으로 after others; the three names end in vowels. */
const ko: Texts = {
  title: "작업 핸드오프 컨텍스트",
  switched: (from, to) => `${from}에서 ${to}로 전환됨`,
  generated: "생성 시간",
  left: "길이 때문에 뺀 부분",
  session: "세션 정보",
  item: "항목",
  value: "값",
  project: "프로젝트 경로",
  time: "시간",
  usage: "사용량",
  fiveHour: "5시간",
  weekly: "주간",
  unknown: "알 수 없음",
  task: "현재 작업",
  goal: "목표",
  constraints: "제약 사항",
  todos: "미완료 TODO",
  inProgress: "진행 중",
  modified: "최근 수정 파일",
  referenced: "참조 파일",
  decisions: "결정 사항",
  learnings: "세션 학습",
  sections: {
    completed: "완료된 TODO",
    learnings: "세션 학습",
    referenced: "참조 파일",
    decisions: "결정 사항",
    modified: "최근 수정 파일",
    constraints: "제약 사항",
    inProgress: "진행 중인 TODO",
    pending: "미완료 TODO",
    goal: "목표",
  },
};

const en: Texts = {
  title: "Task Handoff Context",
  switched: (from, to) => `Switched from ${from} to ${to}`,
  generated: "Generated",
  left: "Left out for length",
  session: "Session Information",
  item: "Item",
  value: "Value",
  project: "Project Path",
  time: "Timestamp",
  usage: "Usage",
  fiveHour: "5-hour",
  weekly: "Weekly",
  unknown: "unknown",
  task: "Current Task",
  goal: "Goal",
  constraints: "Constraints",
  todos: "Pending TODOs",
  inProgress: "in progress",
  modified: "Recently Modified Files",
  referenced: "Referenced Files",
  decisions: "Decisions",
  learnings: "Session Learnings",
  sections: {
    completed: "completed TODOs",
    learnings: "learnings",
    referenced: "referenced files",
    decisions: "decisions",
    modified: "modified files",
    constraints: "constraints",
    inProgress: "TODOs in progress",
    pending: "pending TODOs",
    goal: "goal",
  },
};

export const TEXTS: Readonly<Record<Language, Texts>> = { en, ko };
