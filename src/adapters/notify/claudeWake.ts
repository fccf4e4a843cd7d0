import { appendFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { wakeText } from "../../core/jobs/notice.ts";
import type { EndedJob } from "../../core/jobs/record.ts";
import type { JobNotifier } from "../../ports/jobNotifier.ts";

/** Sessions of Claude Code have such ids; whatever else stands there names no file. */
const SESSION = /^[\w-]{1,128}$/;

/** What wakes a session of Claude Code: its hook reads this file's lines and empties it. */
export function claudeWakeFile(stateHome: string, session: string): string {
  return join(stateHome, "claude", "wake", `${session}.jsonl`);
}

/** Tells the session of Claude Code that started the job. */
export function claudeNotifier(stateHome: string, placeOf: (job: EndedJob) => string): JobNotifier {
  return {
    name: "Claude Code",
    tell: async (job) => {
      const { via, session } = job.asked_by;
      if (via !== "claude" || session === null || !SESSION.test(session)) return;
      const file = claudeWakeFile(stateHome, session);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const { task_id, status, exit_code, completed_at: at } = job;
      const result = placeOf(job);
      const line = JSON.stringify({ at, task_id, status, exit_code, result, text: wakeText(job, result) });
      await appendFile(file, `${line}\n`, { mode: 0o600 });
    },
  };
}
