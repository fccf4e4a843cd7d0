import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The page, and the policy under which a browser shows it. */
export interface Page {
  html: string;
  policy: string;
}

/** The built page. @throws where this checkout is not built */
export function readPage(packageDir: string): Page {
  const html = readFileSync(join(packageDir, "dist", "dashboard.html"), "utf8");
  return { html, policy: policyFor(html) };
}

/**
 * Only the scripts and styles that the page holds itself, and requests to its own server: whatever a text of a model's would
 * bring along, the browser neither runs nor fetches it.
 */
function policyFor(html: string): string {
  const inside = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))]
      .map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`)
      .join(" ");
  return [
    "default-src 'none'",
    `script-src ${inside("script")}`,
    `style-src ${inside("style")}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}
