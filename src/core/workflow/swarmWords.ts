import type { Language } from "./model.ts";

const en = {
  "phase.design": "design",
  "phase.foundation": "foundation",
  "phase.dispatch": "dispatch",
  "phase.monitoring": "monitoring",
  "phase.integrate": "integrate",
  "phase.final-qa": "final-qa",
  "phase.done": "done",
  "phase.aborted": "aborted",
  "worker.queued": "queued",
  "worker.exploring": "exploring",
  "worker.implementing": "implementing",
  "worker.self-qa": "self-qa",
  "worker.completed": "completed",
  "worker.blocked": "blocked",
  "worker.failed": "failed",
  "worker.cancelled": "cancelled",
  "worker.stalled": "stalled",
  "design.none": "none",
  "design.open": "open",
  "design.agreed": "agreed",
  "design.rejected": "rejected",
  "design.approved": "approved",
  "design.skipped": "skipped",
  "by.person": "person",
  "by.autopilot": "autopilot",
  "by.configuration": "configuration",
  "by.superseded": "superseded",
  "by.command-line": "command-line",
  completed: "{completed}/{total} completed",
  "trouble.stalled": "no token, although the model server answers and queues nothing",
  "trouble.waiting": "waiting for the model server ({failure}), take-up {takeUp} in {left}",
  "qa.check": "Check",
  "qa.result": "Result",
  "qa.command": "Command",
  "qa.flaky": "flaky: passed on the second run",
  "report.head": "Final report",
  "report.noEvidence": "QA: no evidence on the committed tree (a gate was overridden).",
  "report.files": "Files by Worker",
  "report.noFiles": "no files",
  "report.commit": "Commit",
  "report.noCommit": "none",
  "report.time": "Time",
  "report.total": "total {total} · Worker tokens {tokens}",
  "report.notes": "Notes",
  "report.overridden": 'gate "{gate}" was overridden by the person: {reason}',
  "report.kept": "{id}: {path} is kept ({why})",
  "report.discarded": "{id}: discarded; its work stays on branch {branch}",
  "report.unsandboxed": "QA ran without a sandbox, with the person's consent",
  "report.dirty": "left alone, changed by the person before: {paths}",
} as const;

type SwarmWord = keyof typeof en;

const ko: Record<SwarmWord, string> = {
  "phase.design": "설계",
  "phase.foundation": "기반",
  "phase.dispatch": "배정",
  "phase.monitoring": "작업",
  "phase.integrate": "통합",
  "phase.final-qa": "최종 QA",
  "phase.done": "완료",
  "phase.aborted": "중단됨",
  "worker.queued": "대기",
  "worker.exploring": "탐색",
  "worker.implementing": "구현",
  "worker.self-qa": "자체 QA",
  "worker.completed": "완료",
  "worker.blocked": "막힘",
  "worker.failed": "실패",
  "worker.cancelled": "취소됨",
  "worker.stalled": "응답 없음",
  "design.none": "없음",
  "design.open": "답을 기다림",
  "design.agreed": "동의함",
  "design.rejected": "거절됨",
  "design.approved": "승인됨",
  "design.skipped": "건너뜀",
  "by.person": "사람",
  "by.autopilot": "/autopilot",
  "by.configuration": "설정",
  "by.superseded": "새 스웜",
  "by.command-line": "명령줄",
  completed: "{completed}/{total} 완료",
  "trouble.stalled": "모델 서버는 응답하고 대기열도 비었는데 토큰이 오지 않음",
  "trouble.waiting": "모델 서버를 기다림({failure}), {left} 뒤 {takeUp}번째로 이어 감",
  "qa.check": "검사",
  "qa.result": "결과",
  "qa.command": "명령",
  "qa.flaky": "불안정: 두 번째에 통과",
  "report.head": "최종 보고",
  "report.noEvidence": "QA: 커밋한 트리의 증거가 없음 (게이트를 사람이 넘김).",
  "report.files": "워커별 파일",
  "report.noFiles": "파일 없음",
  "report.commit": "커밋",
  "report.noCommit": "없음",
  "report.time": "시간",
  "report.total": "합계 {total} · 워커 토큰 {tokens}",
  "report.notes": "참고",
  "report.overridden": '"{gate}" 게이트를 사람이 넘김: {reason}',
  "report.kept": "{id}: {path} 을(를) 남겨 둠 ({why})",
  "report.discarded": "{id}: 버림. 한 일은 {branch} 브랜치에 남아 있음",
  "report.unsandboxed": "사람의 동의를 얻어 샌드박스 없이 QA를 실행함",
  "report.dirty": "전에 사람이 바꾼 것이라 건드리지 않음: {paths}",
};

const WORDS: Record<Language, Record<SwarmWord, string>> = { en, ko };

/** What people read of a swarm's state; `{name}` in it is replaced by the value of that name. */
export function swarmWord(
  language: Language,
  key: SwarmWord,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return WORDS[language][key].replace(/\{(\w+)\}/gu, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}

/** Who did something, as the log names them: what is not known is shown as it stands. */
export function whoWord(language: Language, by: string): string {
  const key = `by.${by}`;
  return isWord(key) ? swarmWord(language, key) : by;
}

const isWord = (key: string): key is SwarmWord => Object.hasOwn(en, key);
