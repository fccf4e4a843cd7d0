/** What the handing over of work says. */
export const handoffEn = {
  "handoff.description": "write what the work here stands at, for another tool or session to go on with",
  "handoff.to": "who goes on",
  "handoff.from": "who worked until now (found out where it is not given)",
  "handoff.session": "a chat of the project (the last one otherwise)",
  "handoff.task": "what the work is, in your words",
  "handoff.noGit": "{dir} is not in a git repository: a handoff says what changed in one.",
  "handoff.noGit.next": "Run this in the project, or `git init` there first.",
  "handoff.done": "Handoff from {from} to {to}: {file} ({characters} characters)",
  "handoff.empty": "Nothing is known of a task yet: say it with --task.",
  "handoff.goOn": "To go on with it, in the project:",
  "handoff.headless": "Without a chat:",
  "claude.description": "what `install --claude-code` puts into Claude Code: its hooks and its status line",
  "claude.hook.description":
    "answers a hook of Claude Code, whose input comes on standard input; never blocks on a failure",
  "claude.hook.event": "prompt (UserPromptSubmit), session (SessionStart) or task (PreToolUse of a subagent)",
  "claude.hook.failed": "oh-my-qwencoder: {reason}",
  "claude.handoff": "The handoff is in {file}.",
  "claude.noTask": "Say what is to be done: /{name} <task>",
  "claude.cancelAutopilot":
    "Autopilot runs in OpenCode: type /cancel-autopilot there. A job is ended with `oh-my-qwencoder job cancel <id>`.",
  "claude.job.context": "What was done so far stands in {file}: read it first.",
  "claude.job.started":
    "Job {id} works on it in OpenCode. You are told when it has ended; `oh-my-qwencoder job logs {id} --follow` shows it.",
  "claude.offer.word":
    '"{word}": /handoff writes what this work stands at for OpenCode; /opencode <task> starts it there at once.',
  "claude.offer.threshold":
    "Claude's limit is at {percent} %: /handoff writes what this work stands at; /opencode <task> goes on in OpenCode.",
  "claude.session.handoff":
    "A handoff of this project's work lies in {file}. Read it if the person asks to go on with it.",
  "claude.task.stays": "Routing: {agent} stays with Claude, {model} ({reason}).",
  "claude.task.goes":
    "Routing gives {agent} to {provider}/{model} ({reason}). Do not do it yourself: run this with Bash and go on; you are told when it has ended.\n{start}",
  "claude.fusionSetup":
    "routing.primary is {value} in {file}: Claude's limits are spared. `oh-my-qwencoder route explain --help` shows where work goes; `routing.external.enabled` says whether any may leave the house.",
  "claude.fusionDefault": "fusionDefault is {value} in {file}.",
  "install.claudeCode": "also Claude Code: a status line, hooks and commands that hand work over",
  "install.claudeStatusLine":
    "Claude Code has a status line of yours, which stays. For its limits to be known, let it call: {command}",
  "install.claudeCommand": "Claude Code has a command /{name} of yours, which stays; ours is /oh-my-qwencoder:{name}.",
} as const;
