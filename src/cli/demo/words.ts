import type { Language } from "../messages/language.ts";

/** What the demo's people and its scripted model say, in the person's language. */
export interface DemoWords {
  request: string;
  yes: string;
  design: string;
  table: string;
  proposing: string;
  ask: string;
  approved: string;
  foundation: string;
  foundationDone: string;
  dispatching: string;
  waiting: string;
  checking: string;
  reading: string;
  integrating: string;
  testing: string;
  committing: string;
  stopped: string;
  nothingLeft: string;
  finished: string;
}

const en: DemoWords = {
  request: "Build a notice board for our team in TypeScript, without a framework. We need: {features}.",
  yes: "1",
  design:
    "A small Node server without dependencies. Shared types and a small library come first; then each feature is built by a Worker of its own in a folder of its own; I put them together, test the whole and commit.",
  table: "| feature | what it does |\n|---|---|",
  proposing: "Let me propose how to divide this.",
  ask: "Please answer with a number.",
  approved: "Thank you. Recording your approval.",
  foundation: "The design is approved. First the shared foundation: project files, types and library.",
  foundationDone: "Checking the foundation and fixing it as the baseline.",
  dispatching: "Sending out {count} Workers at once, each with a scope of its own.",
  waiting: "Waiting for the Workers.",
  checking: "All Workers have ended. Checking from git who wrote what.",
  reading: "Reading every Worker's changes.",
  integrating: "Putting the parts together.",
  testing: "Running the whole project's type check, lint and tests.",
  committing: "Everything passed on exactly this tree. Committing it.",
  stopped: "I cannot go on: {reason}",
  nothingLeft: "There is nothing left to do.",
  finished: "Done.",
};

const ko: DemoWords = {
  request: "프레임워크 없이 TypeScript로 우리 팀 공지 게시판을 만들어줘. 필요한 기능: {features}.",
  yes: "1번",
  design:
    "의존성 없는 작은 Node 서버입니다. 공용 타입과 라이브러리를 먼저 만들고, 기능마다 워커 하나가 자기 폴더에서 개발합니다. 그다음 제가 통합하고 전체를 검사해 커밋합니다.",
  table: "| 기능 | 하는 일 |\n|---|---|",
  proposing: "이렇게 나눠 보면 어떨지 제안드립니다.",
  ask: "번호로 답해 주세요.",
  approved: "감사합니다. 승인을 기록합니다.",
  foundation: "설계가 승인되었습니다. 먼저 공통 기반(프로젝트 파일, 타입, 라이브러리)을 만듭니다.",
  foundationDone: "기반을 검사하고 기준점으로 고정합니다.",
  dispatching: "워커 {count}명을 각자의 범위로 동시에 파견합니다.",
  waiting: "Worker들을 기다립니다.",
  checking: "Worker가 모두 끝났습니다. 누가 무엇을 썼는지 git으로 확인합니다.",
  reading: "각 Worker의 변경을 읽습니다.",
  integrating: "부분들을 하나로 합칩니다.",
  testing: "프로젝트 전체의 타입 검사, 린트, 테스트를 실행합니다.",
  committing: "바로 이 트리에서 모두 통과했습니다. 커밋합니다.",
  stopped: "더 진행할 수 없습니다: {reason}",
  nothingLeft: "남은 일이 없습니다.",
  finished: "끝났습니다.",
};

const all: Record<Language, DemoWords> = { en, ko };

/** The demo's words in one language. */
export const demoWords = (language: Language): DemoWords => all[language];

/** Puts values in place of `{name}`. */
export const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
