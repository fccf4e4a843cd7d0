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
  "claude.description": "`install --claude-code` 가 Claude Code 에 넣는 훅과 상태 줄",
  "claude.hook.description": "표준 입력으로 받은 Claude Code 훅에 답합니다. 실패해도 막지 않습니다",
  "claude.hook.event": "prompt (UserPromptSubmit), session (SessionStart), task (서브에이전트의 PreToolUse)",
  "claude.hook.failed": "oh-my-qwencoder: {reason}",
  "claude.handoff": "핸드오프를 {file} 에 기록했습니다.",
  "claude.noTask": "할 일을 적어 주세요: /{name} <작업>",
  "claude.cancelAutopilot":
    "오토파일럿은 OpenCode 에서 실행됩니다. 거기서 /cancel-autopilot 을 입력하세요. 작업은 `oh-my-qwencoder job cancel <id>` 로 끝냅니다.",
  "claude.job.context": "What was done so far stands in {file}: read it first.",
  "claude.job.started":
    "작업 {id} 이(가) OpenCode 에서 진행됩니다. 끝나면 알려 드립니다. `oh-my-qwencoder job logs {id} --follow` 로 볼 수 있습니다.",
  "claude.offer.word":
    '"{word}": /handoff 는 OpenCode 가 이어받을 작업 상태를 기록하고, /opencode <작업> 은 바로 시작합니다.',
  "claude.offer.threshold":
    "Claude 사용량이 {percent} % 입니다. /handoff 는 작업 상태를 기록하고, /opencode <작업> 은 OpenCode 에서 이어서 합니다.",
  "claude.session.handoff": "이 프로젝트의 핸드오프가 {file} 에 있습니다. 이어서 하라고 하면 읽으세요.",
  "claude.task.stays": "라우팅: {agent} 은(는) Claude {model} ({reason}).",
  "claude.task.goes":
    "라우팅: {agent} 은(는) {provider}/{model} 로 갑니다 ({reason}). 직접 하지 말고 Bash 로 실행한 뒤 계속하세요.\n{start}",
  "claude.fusionSetup":
    "{file} 의 routing.primary 가 {value} 입니다: Claude 사용량을 아낍니다. 어디로 가는지는 `oh-my-qwencoder route explain --help`, 밖으로 나가도 되는지는 `routing.external.enabled` 가 정합니다.",
  "claude.fusionDefault": "{file} 의 fusionDefault 가 {value} 입니다.",
  "install.claudeCode": "Claude Code 에도: 상태 줄, 훅, 작업을 넘기는 명령",
  "install.claudeStatusLine":
    "Claude Code 에 이미 상태 줄이 있어 그대로 둡니다. 사용량을 알려면 그 안에서 실행하세요: {command}",
  "install.claudeCommand":
    "Claude Code 에 이미 /{name} 명령이 있어 그대로 둡니다. 우리 명령은 /oh-my-qwencoder:{name} 입니다.",
};
