import type { viewEn } from "./viewEn.ts";

export const viewKo: Record<keyof typeof viewEn, string> = {
  "hud.description": "스웜을 한 화면에: 워커, GPU, 라우팅, 토큰과 한도",
  "hud.watch": "Ctrl-C 까지 계속 보여 줌",
  "hud.json": "JSON 객체 하나. --watch 와 함께면 바뀔 때마다 한 줄",
  "stats.description": "제공자와 에이전트별 요청, 지연, 토큰, 비용",
  "stats.period": "지금까지의 기간",
  "stats.none": "이 기간에는 요청이 없습니다.",
  "stats.provider": "제공자",
  "stats.agent": "에이전트",
  "stats.total": "전체",
  "stats.requests": "요청",
  "stats.success": "성공",
  "stats.cut": "끊김",
  "stats.cache": "캐시",
  "stats.p50": "p50",
  "stats.p95": "p95",
  "stats.in": "입력",
  "stats.out": "출력",
  "stats.cost": "비용",
  "stats.electricity": "로컬 GPU 전력: {watts} W 로 {kwh} kWh, ${cost}.",
  "stats.prices": "토큰 비용은 {asOf} 기준 정가, 또는 설정한 값(tracking.prices).",
  "stats.unpriced":
    "가격을 알 수 없는 모델: {models}. tracking.prices 에 적어 주세요. 이 토큰은 비용에 들어 있지 않습니다.",
};
