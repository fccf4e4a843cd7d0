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
} as const;
