import { escapeHtml } from "../lib/html.js";
import type { Notice } from "../types.js";

/** The board as one HTML page, rendered on the server; works without any script. */
export function renderBoard(notices: readonly Notice[], title = "Team notice board"): string {
  const content = notices.length === 0 ? "<p>Nothing to read yet.</p>" : notices.map(renderNotice).join("\n");
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>`,
    `<body><h1>${escapeHtml(title)}</h1>`,
    `<main>${content}</main>`,
    "</body></html>",
  ].join("\n");
}

function renderNotice(notice: Notice): string {
  const tags = notice.tags.map((tag) => `<li>${escapeHtml(tag)}</li>`).join("");
  return [
    `<article id="${escapeHtml(notice.id)}"${notice.pinned ? ' class="pinned"' : ""}>`,
    `<h2>${escapeHtml(notice.title)}</h2>`,
    `<p>${escapeHtml(notice.body)}</p>`,
    tags === "" ? "" : `<ul>${tags}</ul>`,
    `<footer>${escapeHtml(notice.author)}, <time>${escapeHtml(notice.createdAt)}</time></footer>`,
    "</article>",
  ].join("");
}
