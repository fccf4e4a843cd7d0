import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "../../config/document.ts";
import { readFormat, writeFormat } from "../../config/textFormat.ts";
import { Edit } from "./edit.ts";
import type { Owned } from "./manifest.ts";
import { withoutOurs } from "./planConfig.ts";

/** Name of the plugin and of the marketplace it stands in. */
const NAME = "oh-my-qwencoder";
/** The status line is drawn anew at least so often (s), so that others' tokens and limits are seen. */
const REFRESH_S = 5;

export type ClaudePlan =
  | {
      ok: true;
      after: string;
      owned: Owned[];
      /** The person has a status line of their own, which stays. */
      ownStatusLine: boolean;
    }
  | { ok: false; line: number; column: number; detail: string };

/**
 * Works out the new text of Claude Code's settings: our plugin's directory as a marketplace, the plugin enabled, and our
 * status line where there is none; all else stays.
 *
 * @param raw the file's text with its byte order mark; undefined for no file
 * @param wish.pluginDir absolute path; @param wish.command a shell's words that start our program
 * @param former what an earlier install of ours owns in this file
 */
export function planClaude(
  raw: string | undefined,
  wish: { pluginDir: string; command: string },
  former: readonly Owned[] = [],
): ClaudePlan {
  const broken = problemOf(raw ?? "{}\n");
  if (broken) return broken;
  const marketplace = { source: { source: "directory", path: wish.pluginDir } };
  const line = { type: "command", command: `${wish.command} claude-code statusline`, refreshInterval: REFRESH_S };
  const before = new Edit(readFormat(raw ?? "{}\n").text, readFormat(raw ?? "{}\n").format);
  const present = before.value(["statusLine"]);
  const ours = former.find((item) => item.kind === "value" && item.path[0] === "statusLine");
  const ownStatusLine =
    present !== undefined && !isDeepStrictEqual(present, ours?.kind === "value" ? ours.value : undefined);
  const wanted: [string[], unknown][] = [
    [["extraKnownMarketplaces", NAME], marketplace],
    [["enabledPlugins", `${NAME}@${NAME}`], true],
    ...(ownStatusLine ? [] : [[["statusLine"], line] as [string[], unknown]]),
  ];
  if (
    raw !== undefined &&
    former.length > 0 &&
    wanted.every(([path, value]) => isDeepStrictEqual(before.value(path), value))
  )
    return { ok: true, after: raw, owned: [...former], ownStatusLine };
  const { text, format } = readFormat((raw === undefined ? undefined : withoutOurs(raw, former)) ?? raw ?? "{}\n");
  const edit = new Edit(text, format);
  for (const [path, value] of wanted) edit.set(path, value, path[0] !== "statusLine");
  return { ok: true, after: writeFormat(edit.text, format), owned: edit.owned, ownStatusLine };
}

function problemOf(raw: string): Extract<ClaudePlan, { ok: false }> | undefined {
  const parsed = parseDocument("", readFormat(raw).text);
  if (!parsed.ok) {
    const problem = parsed.problems[0];
    return { ok: false, line: problem?.line ?? 1, column: problem?.column ?? 1, detail: problem?.detail ?? "" };
  }
  const { value } = parsed.document;
  const wrong = (each: unknown) =>
    each !== undefined && (typeof each !== "object" || each === null || Array.isArray(each));
  if (wrong(value)) return { ok: false, line: 1, column: 1, detail: "it is no object" };
  for (const key of ["extraKnownMarketplaces", "enabledPlugins"])
    if (wrong(Reflect.get(Object(value), key)))
      return { ok: false, line: 1, column: 1, detail: `\`${key}\` has the wrong type for Claude Code` };
  return undefined;
}
