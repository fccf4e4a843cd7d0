import type { dashboardEn } from "./dashboardEn.ts";

export const dashboardKo: Record<keyof typeof dashboardEn, string> = {
  "dashboard.description": "스웜을 브라우저에서 실시간으로, Prometheus 지표와 함께. Ctrl-C 로 끝냄",
  "dashboard.port": "들을 포트. 0 이면 빈 포트",
  "dashboard.host": "들을 주소. 기본값이 아니면 네트워크에 열림",
  "dashboard.noOpen": "브라우저를 열지 않음",
  "dashboard.badPort": "포트는 0 부터 65535 까지의 수입니다.",
  "dashboard.ready": "대시보드: {url}",
  "dashboard.metrics": "지표:     {url} (같은 토큰을 Authorization: Bearer 로)",
  "dashboard.opened": "브라우저에서 열었습니다. Ctrl-C 로 끝냅니다.",
  "dashboard.openIt": "이 컴퓨터의 브라우저에서 주소를 여십시오. Ctrl-C 로 끝냅니다.",
  "dashboard.exposed":
    "경고: {host} 는 네트워크에서 닿을 수 있고 연결은 암호화되지 않습니다. 엿듣는 사람은 토큰을 읽습니다. 127.0.0.1 로의 SSH 터널이 낫습니다.",
  "dashboard.badToken": "AEGIS_DASHBOARD_TOKEN 은 A-Z a-z 0-9 . _ ~ - 로 {n}자 이상이어야 합니다",
  "dashboard.badToken.next": "`openssl rand -hex 32` 로 만들거나 지우십시오. 없으면 시작할 때마다 새로 만듭니다.",
  "dashboard.taken": "{host} 의 포트 {port} 는 이미 쓰이고 있습니다.",
  "dashboard.taken.next": "--port 로 다른 포트를 고르거나 빼십시오. 빼면 빈 포트를 씁니다.",
  "dashboard.noAddress": "여기서는 {host}:{port} 에서 들을 수 없습니다 ({why}).",
  "dashboard.noAddress.next": "--host 와 --port 로 다른 곳을 고르십시오. 없으면 127.0.0.1 의 빈 포트입니다.",
  "swarm.trace.description": "가장 최근 스웜의 스팬을 OTLP 엔드포인트로 보냄",
  "trace.none": "OTLP 엔드포인트가 정해져 있지 않습니다.",
  "trace.none.next": "OTEL_EXPORTER_OTLP_ENDPOINT 또는 자신의 aegis.jsonc 의 telemetry.otlp 를 정하십시오.",
  "trace.refused": "트레이스를 보내지 않습니다: {host} 는 허용된 호스트 목록(security.allowHosts)에 없습니다.",
  "trace.refused.next": "허용하려면 저장소 밖 자신의 설정의 security.allowHosts 에 {host} 를 넣으십시오.",
  "trace.failed": "{url} 로 스팬을 보낼 수 없습니다: {why}",
  "trace.failed.next": "그곳에서 OTLP/HTTP 수신기가 듣고 있는지 보십시오. 보통 포트는 4318 입니다.",
  "trace.sent": "{swarm} 의 스팬 {n}개를 {url} 로 보냈습니다.",
};
