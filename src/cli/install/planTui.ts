import { parseDocument } from "../../config/document.ts";
import { removeAt } from "../../config/jsoncEdit.ts";
import { readFormat, writeFormat } from "../../config/textFormat.ts";
import { Edit } from "./edit.ts";
import type { Owned } from "./manifest.ts";

const schemaUrl = "https://opencode.ai/tui.json";

export type TuiPlan =
  | { ok: true; after: string; owned: Owned[] }
  | { ok: false; line: number; column: number; detail: string };

/**
 * Works out the new text of the file of OpenCode's own screen: our sidebar is in its plugins, all else stays.
 *
 * @param raw the file's text with its byte order mark; undefined for no file
 * @param url `file://` URL of the sidebar's bundle
 * @param former what an earlier install of ours owns in this file; its entry is replaced where the bundle lies elsewhere now
 */
export function planTui(raw: string | undefined, url: string, former: readonly Owned[] = []): TuiPlan {
  const { text, format } = readFormat(raw ?? "{}\n");
  const parsed = parseDocument("", text);
  if (!parsed.ok) {
    const problem = parsed.problems[0];
    return { ok: false, line: problem?.line ?? 1, column: problem?.column ?? 1, detail: problem?.detail ?? "" };
  }
  const edit = new Edit(text, format);
  const list = edit.value(["plugin"]);
  const isObject = typeof parsed.document.value === "object" && !Array.isArray(parsed.document.value);
  if (!isObject || (list !== undefined && !Array.isArray(list)))
    return { ok: false, line: 1, column: 1, detail: "`plugin` has the wrong type for OpenCode" };
  const specs = (Array.isArray(list) ? list : []).map((entry) => String(Array.isArray(entry) ? entry[0] : entry));
  const earlier = former.flatMap((item) => (item.kind === "item" && item.value !== url ? [item.value] : []));
  for (const [index, spec] of [...specs.entries()].reverse())
    if (earlier.includes(spec)) edit.text = removeAt(edit.text, ["plugin", index]);
  if (raw === undefined) edit.set(["$schema"], schemaUrl);
  if (!specs.includes(url)) edit.append(["plugin"], url);
  const kept = former.filter((item) => item.kind !== "item" || item.value === url);
  const fresh = edit.owned.filter((item) => !kept.some((one) => JSON.stringify(one) === JSON.stringify(item)));
  return { ok: true, after: writeFormat(edit.text, format), owned: [...kept, ...fresh] };
}
