import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { appendFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { noticeLine } from "../../core/jobs/notice.ts";
import type { JobNotifier } from "../../ports/jobNotifier.ts";
import { hasCode } from "../../ports/thrown.ts";

/** The notifications file: `notifications` in the results directory. */
export function noticeFile(jobsRoot: string): string {
  return join(jobsRoot, "notifications");
}

/** Appends a line a job, once, though it may be told again; lines of several processes do not mix. */
export function fileNotifier(file: string): JobNotifier {
  return {
    name: "notifications file",
    tell: async (job) => {
      const line = noticeLine(job);
      if (readNotices(file).split("\n").includes(line)) return;
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await appendFile(file, `${line}\n`, { mode: 0o600 });
    },
  };
}

/** Its text, "" where there is none. */
export function readNotices(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}

/** Its text, and it is empty after: a line that comes meanwhile is in the text or in the new file. */
export function takeNotices(file: string): string {
  const aside = `${file}.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
  const text = readFileSync(aside, "utf8");
  rmSync(aside);
  return text;
}
