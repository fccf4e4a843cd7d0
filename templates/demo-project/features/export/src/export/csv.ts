import type { Notice } from "../types.js";

const columns = ["id", "createdAt", "author", "title", "body", "tags", "pinned"] as const;

/** The notices as CSV after RFC 4180, with a header line. */
export function toCsv(notices: readonly Notice[]): string {
  const rows = notices.map((notice) => columns.map((column) => cell(textOf(notice, column))).join(","));
  return `${[columns.join(","), ...rows].join("\r\n")}\r\n`;
}

function textOf(notice: Notice, column: (typeof columns)[number]): string {
  return column === "tags" ? notice.tags.join(" ") : String(notice[column]);
}

/** Quotes where needed. A leading `=`, `+`, `-` or `@` gets an apostrophe, or a spreadsheet would run it as a formula. */
function cell(text: string): string {
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
