/**
 * Other names under which models pass a key, by the key's own name. Seen in opencode#9878, openclaw#7778, cortexkit/aft#148
 * (`path`), opencode-ensemble#39 (`cmd`), Kilo-Org/kilocode#12091 (`file_path`).
 */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  filePath: ["path", "file", "filename"],
  file_path: ["path", "file", "filename"],
  path: ["filePath", "file"],
  command: ["cmd"],
  oldString: ["old_str", "old_text"],
  newString: ["new_str", "new_text"],
  content: ["contents", "file_content", "file_text"],
};

/** `file_path`, `FilePath` and `file-path` are one name. */
export function plainKey(key: string): string {
  return key.toLowerCase().replace(/[_\-\s]/g, "");
}

/**
 * The key of the schema that an unknown key stands for: the same name in another spelling, or an alias of a required one.
 * Undefined where none or several would do.
 *
 * @param free keys of the schema that have no value yet
 */
export function keyMeant(key: string, free: readonly string[], required: readonly string[]): string | undefined {
  const plain = plainKey(key);
  const same = free.filter((name) => plainKey(name) === plain);
  if (same.length === 1) return same[0];
  const known = free.filter(
    (name) => required.includes(name) && ALIASES[name]?.some((alias) => plainKey(alias) === plain),
  );
  return known.length === 1 ? known[0] : undefined;
}
