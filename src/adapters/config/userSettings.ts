import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parseDocument } from "../../config/document.ts";
import { setValue } from "../../config/jsoncEdit.ts";
import { readFormat, writeFormat } from "../../config/textFormat.ts";
import { hasCode } from "../../ports/thrown.ts";

/**
 * Sets keys in a person's own aegis.jsonc, which is made where it is missing; comments and everything else stay.
 *
 * @throws Error where the file is there and is no JSONC: nothing is written then.
 */
export async function writeUserSettings(
  file: string,
  settings: readonly { path: readonly string[]; value: unknown }[],
): Promise<void> {
  const { text, format } = readFormat((await present(file)) ?? "{}\n");
  const parsed = parseDocument(file, text);
  if (!parsed.ok) {
    const problem = parsed.problems[0];
    throw new Error(
      `${file}:${problem?.line ?? 1}: ${problem?.detail ?? "not readable"}. Mend it; nothing was written.`,
    );
  }
  const after = settings.reduce((edited, { path, value }) => setValue(edited, path, value, format), text);
  await mkdir(dirname(file), { recursive: true });
  // Not write-file-atomic: it wants `__filename`, which the plugin's bundle has not in OpenCode's Bun.
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, writeFormat(after, format), { flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Dotted keys below `section` that the file has; none where there is no file. */
export async function presentSettings(file: string, section: string): Promise<string[]> {
  const text = await present(file);
  const parsed = text === undefined ? undefined : parseDocument(file, readFormat(text).text);
  const value = parsed?.ok ? Reflect.get(Object(parsed.document.value), section) : undefined;
  const below = (at: unknown, head: string): string[] =>
    typeof at === "object" && at !== null && !Array.isArray(at)
      ? Object.entries(at).flatMap(([key, inner]) => [`${head}${key}`, ...below(inner, `${head}${key}.`)])
      : [];
  return below(value, "");
}

async function present(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
