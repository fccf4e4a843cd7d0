import type { routingEn } from "./routingEn.ts";

/** The Korean words of `route`, `limits` and `fusion`. */
export const routingKo: Record<keyof typeof routingEn, string> = {
  "route.description": "어느 프로바이더와 모델이 작업을 맡을지",
  "route.explain.description": "판정과 거기에 이른 모든 단계. 설정만 읽고 상태와 키는 보지 않습니다",
  "route.explain.agent": "에이전트: 전문가 35개 중 하나, 역할, 또는 직접 정한 이름. omc: 같은 접두사도 됩니다",
  "route.explain.mode": "퓨전 모드",
  "route.explain.primary": "설정된 것 대신 쓸 주 프로바이더",
  "route.explain.allowExternal": "routing.external.enabled가 true인 것처럼",
  "route.explain.usage": "프로바이더 한도 사용률(%), 예: claude=92. 여러 번 쓸 수 있고, 없으면 알 수 없음입니다",
  "route.explain.fallback": "폴백이 활성화된 것처럼",
  "route.explain.session": "세션. auto가 내보내는 비율에 쓰입니다",
  "route.explain.task": "규칙에 쓰일 작업 내용",
  "route.explain.time": "규칙에 쓰일 현지 시각 HH:MM. 기본값은 지금",
  "route.usage": "PROVIDER=PERCENT 형식으로 0에서 100까지, 예: claude=92",
  "route.time": "HH:MM 형식으로, 예: 23:30",
  "route.unknownAgent": '"{agent}"라는 에이전트는 없습니다',
  "route.unknownAgent.next": "전문가 35개 중 하나({suggestion}?)나 역할을 쓰거나, routing.agents에 이름을 넣으십시오.",
  "route.unknownAgent.nextPlain":
    "전문가 35개, commander, worker, scout, librarian 중 하나를 쓰거나 routing.agents에 이름을 넣으십시오.",
  "route.blocked": "routing.external.enabled 규칙이 막았습니다: 설정이 외부인 {provider}(으)로 이어집니다({why})",
  "route.blocked.next":
    "저장소 밖의 자기 설정에서 routing.external.enabled를 켜거나, 라우팅에서 {provider}을(를) 빼십시오.",
  "route.verdict": "{agent}({tier}) → {provider}, {model}",
  "route.reason": "이유 {code}: {detail}",
  "limits.description": "프로바이더 한도를 얼마나 썼는지",
  "limits.none":
    "알려진 한도가 없습니다. 알 수 없음은 0이 아닙니다. 다른 말이 있을 때까지 작업은 주 프로바이더로 갑니다.",
  "limits.next":
    "Claude Code 상태 줄에서 `limits statusline`을 쓰거나, `limits read` 또는 `limits set`을 실행하십시오.",
  "limits.unknown": "알 수 없음",
  "limits.until": "{time}까지",
  "limits.notBlocking": "모델 요청을 막지 않음",
  "limits.primaryWarning":
    "{provider} 사용률이 {percent} %입니다. `fusion save-tokens`나 `fusion auto`로 토큰을 아낄 수 있습니다. 저절로 바뀌는 것은 없습니다.",
  "limits.set.description": "윈도우를 직접 정합니다. 그 윈도우가 지날 때까지 유지됩니다",
  "limits.set.provider": "프로바이더",
  "limits.set.windows": "윈도우, 예: 5h=40 weekly=70 monthly=10 daily=50",
  "limits.set.bad":
    '"{word}"은(는) 윈도우가 아닙니다: 5h, daily, weekly, monthly 중 하나와 0에서 100을 KIND=PERCENT로 쓰십시오',
  "limits.set.done": "정했습니다: {provider} {windows}.",
  "limits.read.description": "이 기계의 명령줄 도구가 남긴 것을 읽습니다(Codex의 rollout 파일)",
  "limits.read.done": "{source}: {result}",
  "limits.read.windows": "윈도우 {count}개",
  "limits.statusline.description":
    "표준 입력으로 Claude Code의 상태 줄 입력을 받아 한도를 저장하고 짧은 줄을 출력합니다",
  "limits.statusline.bad": "표준 입력이 Claude Code가 상태 줄에 주는 것이 아닙니다: {reason}",
  "limits.statusline.next":
    '~/.claude/settings.json에: "statusLine": {"type": "command", "command": "oh-my-qwencoder limits statusline"}.',
  "fusion.description": "이제부터 모든 세션에서 주 프로바이더를 떠나는 작업의 양을 바꿉니다",
  "fusion.status.description": "모드, 폴백, 쉬고 있는 프로바이더",
  "fusion.on.description": "planner를 뺀 모든 에이전트를 등급별로",
  "fusion.off.description": "주 프로바이더만",
  "fusion.auto.description": "주 프로바이더 사용률에 따라: 70 % 아래는 단독, 90 %까지 나눔",
  "fusion.save-tokens.description": "중간과 낮은 등급만 떠남",
  "fusion.fallback.description": "모드와 상관없이 폴백 순서대로",
  "fusion.fallback.state": "on 또는 off",
  "fusion.fallback.empty": "폴백 순서가 없습니다: 주 프로바이더가 {primary}이고 routing.fallback이 비어 있습니다",
  "fusion.fallback.emptyNext": "먼저 routing.fallback에 프로바이더를 넣으십시오.",
  "fusion.byPerson": "사람이 켬",
  "fusion.mode": "모드: {mode}",
  "fusion.primary": "주 프로바이더: {primary}, 외부는 {external}",
  "fusion.allowed": "허용",
  "fusion.forbidden": "허용 안 함",
  "fusion.fallbackOn": "폴백: 활성({why}), 순서 {chain}",
  "fusion.fallbackOff": "폴백: 비활성, 순서 {chain}",
  "fusion.chainEmpty": "없음",
  "fusion.rests": "{provider}: {time}까지 쉼({why})",
  "fusion.noEffect":
    "로컬 모델을 떠나는 작업은 없습니다: 주 프로바이더가 local이고 다른 프로바이더로 정해진 등급이 없습니다.",
  "routing.state.next": "그 파일을 지우십시오. 한도는 다시 읽고, 모드는 다시 켤 수 있습니다.",
};
