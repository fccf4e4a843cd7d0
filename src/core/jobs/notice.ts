import { z } from "zod";
import type { Language } from "../workflow/model.ts";
import type { EndedJob } from "./record.ts";
import { TASK_ID } from "./taskId.ts";

/** One line of the notifications file: `timestamp|task_id|exit_code|STATUS`. */
export interface NoticeLine {
  /** ISO 8601, UTC. */
  at: string;
  task_id: string;
  exit_code: number;
  status: EndedJob["status"];
}

const lineSchema = z.tuple([
  z.iso.datetime(),
  z.string().regex(TASK_ID),
  z.string().regex(/^-?\d{1,6}$/),
  z.enum(["COMPLETED", "FAILED", "CANCELLED"]),
]);

export function noticeLine({ completed_at, task_id, exit_code, status }: EndedJob): string {
  return `${completed_at}|${task_id}|${exit_code}|${status.toUpperCase()}`;
}

/** Undefined for what is no such line. */
export function readNoticeLine(line: string): NoticeLine | undefined {
  const { data } = lineSchema.safeParse(line.split("|"));
  if (data === undefined) return undefined;
  const [at, task_id, exit_code, status] = data;
  const known = { COMPLETED: "completed", FAILED: "failed", CANCELLED: "cancelled" } as const;
  return { at, task_id, exit_code: Number(exit_code), status: known[status] };
}

const STATUS: Readonly<Record<Language, Record<EndedJob["status"], string>>> = {
  en: { completed: "completed", failed: "failed", cancelled: "cancelled" },
  ko: { completed: "완료", failed: "실패", cancelled: "취소됨" },
};
/** Longest title of a task, in characters. */
const TITLE = 80;

/** The first line of what was asked for. */
export function jobTitle({ prompt }: Pick<EndedJob, "prompt">): string {
  const line = prompt.trim().split("\n", 1)[0] ?? "";
  return line.length > TITLE ? `${line.slice(0, TITLE - 1)}…` : line;
}

/** Seconds, minutes or hours a job took; empty where it never ran. */
export function tookWords({ started_at, completed_at }: Pick<EndedJob, "started_at" | "completed_at">): string {
  if (started_at === null) return "";
  return timeWords(Date.parse(completed_at) - Date.parse(started_at));
}

/** @param ms a length of time */
export function timeWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m ${seconds % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** A sentence for a notification: what ended, how, after how long. */
export function noticeText(job: EndedJob, language: Language): string {
  const took = tookWords(job);
  const how = `${STATUS[language][job.status]}${job.status === "failed" ? ` (${job.error.kind})` : ""}`;
  return `${jobTitle(job)}: ${how}${took === "" ? "" : `, ${took}`}`;
}

/** Title and text of a desktop notification. */
export function desktopNotice(job: EndedJob, language: Language): { title: string; text: string } {
  const title = { en: "Job", ko: "작업" }[language];
  return { title: `${title} ${STATUS[language][job.status]}`, text: `${noticeText(job, language)}\n${job.task_id}` };
}

/** Characters of a result that a chat is given; the rest is in the file. */
const SHOWN = 6_000;

/** How a job ended, with its answer, as a model reads it. @param place where all of it is */
export function endText(job: EndedJob, place: string): string {
  const { task_id, status, exit_code, result, changes } = job;
  const took = tookWords(job);
  const lines = [
    `${task_id} (${jobTitle(job)}): ${status}, exit code ${exit_code}${took === "" ? "" : `, ${took}`}.`,
    ...(status === "failed" ? [`Error: ${job.error.kind}: ${job.error.message.slice(0, 500)}`] : []),
    ...(changes && changes.files > 0
      ? [`Changed: ${changes.files} files, +${changes.insertions} -${changes.deletions}.`]
      : []),
    `Result: ${place}`,
  ];
  const text = result?.trim() ?? "";
  if (text === "") return lines.join("\n");
  const more = text.length > SHOWN ? `\n[${text.length - SHOWN} more characters are in the file.]` : "";
  return `${lines.join("\n")}\n\n${text.slice(0, SHOWN)}${more}`;
}

/** What a chat that started a job is told at its end. @param place where the result is */
export function wakeText(job: EndedJob, place: string): string {
  return `A background job that this chat started has ended.\n${endText(job, place)}`;
}
