import { noticeFile } from "../../adapters/notify/noticeFile.ts";
import { jobsHome } from "../../config/jobsHome.ts";
import type { NoticeLine } from "../../core/jobs/notice.ts";
import { homeOf } from "../config/load.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** The notifications file of this user. */
export function noticesPlace(io: Io): string {
  return noticeFile(jobsHome(io.env, homeOf(io)));
}

/** One end, a line: when, which, how. */
export function noticeWords(io: Io, { at, task_id: id, exit_code: code, status }: NoticeLine): string {
  const time = new Date(at).toLocaleString(io.lang, { dateStyle: "short", timeStyle: "medium" });
  const colour = status === "completed" ? "green" : status === "failed" ? "red" : "yellow";
  const how = paint(io, colour, say(io.lang, `job.status.${status}`));
  return say(io.lang, "job.notifications.line", { time, id, status: how, code });
}
