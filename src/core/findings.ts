/** Where helpers' long answers are kept, relative to the project: read by whoever sent the helper out, and by the Commander. */
export const FINDINGS_DIR = ".aegis/findings";

/** Whether a path relative to the project is a kept answer. */
export function isFinding(path: string): boolean {
  return path.startsWith(`${FINDINGS_DIR}/`);
}

/** The file a helper's answer is kept in, relative to the project, by the id of the call that sent the helper out. */
export function findingPath(call: string): string {
  return `${FINDINGS_DIR}/${call.replace(/[^\w-]/gu, "_")}.md`;
}
