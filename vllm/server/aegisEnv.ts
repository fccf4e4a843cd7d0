import { type Notice, notice } from "./notice.ts";
import { BadValue, splitWords } from "./words.ts";

/**
 * Names `vllm/aegis.env` may set. The file lies in a project, so it may tune and may not say what is run: neither the
 * executable (AEGIS_VLLM) nor further arguments (AEGIS_EXTRA), which could name code to trust.
 */
const allowed = new Set([
  "AEGIS_MODEL",
  "AEGIS_SERVED_NAME",
  "AEGIS_PORT",
  "AEGIS_GPU",
  "AEGIS_CTX",
  "AEGIS_MEM",
  "AEGIS_BATCH",
  "AEGIS_BATCHED_TOKENS",
  "AEGIS_HOST",
  "AEGIS_KV_DTYPE",
]);

/** Reads `NAME=value` lines; `#` begins a comment, `export ` before a name is passed over. Throws BadValue at others. */
export function readAegisEnv(text: string, path: string): { values: Record<string, string>; notices: Notice[] } {
  const values: Record<string, string> = {};
  const notices: Notice[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const match = /^(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*)$/.exec(line);
    if (!match) throw new BadValue(`${path}:${index + 1}: not NAME=value: ${line}`);
    const [, name = "", value = ""] = match;
    if (allowed.has(name)) values[name] = splitWords(value)[0] ?? "";
    else notices.push(notice("envFileIgnored", { path, line: index + 1, name }));
  }
  return { values, notices };
}
