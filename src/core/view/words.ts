import type { Language } from "../workflow/model.ts";

const en = {
  none: "No swarm in this project yet.",
  asks: "Waits for your answer: {what}",
  "asks.design": "the design",
  "asks.qa-change": "a change of what QA runs",
  "asks.unsandboxed-qa": "QA without a sandbox",
  undriven: "No OpenCode drives it now.",
  gpuUnknown: "GPU: no figures from the server",
  running: "{n} running",
  waiting: "{n} waiting",
  rate: "{n} tok/s",
  prefix: "prefix {n}%",
  routing: "Routing",
  fusion: "fusion {mode}",
  request: "1 request in 24 h",
  requests: "{n} requests in 24 h",
  spared: "{n} tokens spared",
  fallback: "fallback: {why}",
  ahead: "waiting for the GPU, {n} ahead",
  completed: "{n}/{of} completed",
} as const;

const ko: Record<keyof typeof en, string> = {
  none: "이 프로젝트에는 아직 스웜이 없습니다.",
  asks: "답을 기다립니다: {what}",
  "asks.design": "설계",
  "asks.qa-change": "QA 검사의 변경",
  "asks.unsandboxed-qa": "샌드박스 없는 QA",
  undriven: "지금 이 스웜을 돌리는 OpenCode 가 없습니다.",
  gpuUnknown: "GPU: 서버의 수치가 없습니다",
  running: "실행 {n}",
  waiting: "대기 {n}",
  rate: "{n} tok/s",
  prefix: "프리픽스 {n}%",
  routing: "라우팅",
  fusion: "fusion {mode}",
  request: "24시간 요청 1",
  requests: "24시간 요청 {n}",
  spared: "아낀 토큰 {n}",
  fallback: "폴백: {why}",
  ahead: "GPU 대기, 앞에 {n}건",
  completed: "{n}/{of} 완료",
};

const WORDS: Record<Language, Record<keyof typeof en, string>> = { en, ko };

export function viewWord(
  language: Language,
  key: keyof typeof en,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return WORDS[language][key].replace(/\{(\w+)\}/gu, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}
