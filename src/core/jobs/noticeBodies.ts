import type { Language } from "../workflow/model.ts";
import { jobTitle, noticeText } from "./notice.ts";
import type { EndedJob } from "./record.ts";

/** The job as a webhook tells it: how it went, and nothing of what was asked or answered. */
export interface WebhookEvent {
  event: "job.ended";
  task_id: string;
  status: EndedJob["status"];
  exit_code: number;
  /** The project's folder, without the way to it. */
  project: string;
  agent: string | null;
  provider: string | null;
  started_at: string | null;
  completed_at: string;
  error: string | null;
  files_changed: number | null;
}

export function webhookEvent(job: EndedJob): WebhookEvent {
  const { task_id, status, exit_code, agent, provider, started_at, completed_at } = job;
  return {
    ...{ event: "job.ended", task_id, status, exit_code, agent, provider, started_at, completed_at },
    project: job.project.split("/").at(-1) ?? "",
    error: job.status === "failed" ? job.error.kind : null,
    files_changed: job.changes?.files ?? null,
  };
}

const ICON = { completed: "✅", failed: "❌", cancelled: "⏹️" } as const;

/** The body of the request. Slack's incoming webhooks, and those that copy them, show `text`. */
export function webhookBody(job: EndedJob, kind: "json" | "slack"): string {
  const event = webhookEvent(job);
  if (kind === "json") return JSON.stringify(event);
  const { task_id, status, exit_code, project, error, files_changed } = event;
  const more = [
    error === null ? "" : ` (${error})`,
    `, exit code ${exit_code}`,
    files_changed ? `, ${files_changed} files changed` : "",
  ].join("");
  // Slack reads <, > and & as markup.
  const text = `${ICON[status]} ${task_id} in ${project}: ${status}${more}`.replace(
    /[&<>]/g,
    (one) => ({ "&": "&amp;", "<": "&lt;" })[one] ?? "&gt;",
  );
  return JSON.stringify({ text });
}

/** What is signed: the time keeps an old request from being sent once more. @param seconds since the epoch */
export function signedText(seconds: number, body: string): string {
  return `${seconds}.${body}`;
}

/** A message as sendmail takes it. @param place where the result is */
export function mailMessage(
  job: EndedJob,
  { to, from, place, language }: { to: string; from?: string | undefined; place: string; language: Language },
): string {
  const subject = `${job.task_id}: ${noticeText(job, language)}`;
  const lines = [
    jobTitle(job),
    "",
    `${job.task_id}: ${job.status}, ${job.exit_code}`,
    ...(job.status === "failed" ? [`${job.error.kind}: ${job.error.message}`] : []),
    ...(job.changes && job.changes.files > 0
      ? [`${job.changes.files} files, +${job.changes.insertions} -${job.changes.deletions}`]
      : []),
    "",
    place,
  ];
  return [
    `To: ${headerWord(to)}`,
    ...(from === undefined ? [] : [`From: ${headerWord(from)}`]),
    `Subject: ${encodedWords(subject)}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "Auto-Submitted: auto-generated",
    "",
    ...(base64(lines.join("\n")).match(/.{1,76}/g) ?? []),
    "",
  ].join("\n");
}

/** Bytes in one encoded word: with what is around it no longer than the 75 characters of RFC 2047. */
const WORD_BYTES = 45;

/** Text of any language in a header, as words that each are whole characters, a line each. */
function encodedWords(text: string): string {
  const words = [""];
  for (const character of text) {
    const longer = `${words.at(-1)}${character}`;
    if (new TextEncoder().encode(longer).length <= WORD_BYTES) words[words.length - 1] = longer;
    else words.push(character);
  }
  return words.map((word) => `=?UTF-8?B?${base64(word)}?=`).join("\n ");
}

/** A header ends with its line: nothing may bring another one along. */
function headerWord(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ").trim();
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
