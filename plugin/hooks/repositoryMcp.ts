import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "jsonc-parser";
import { z } from "zod";

/** Where a repository may configure the host, in each directory from the opened one up to the root. */
const FILES = ["opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc"];

const withServers = z.looseObject({ mcp: z.record(z.string(), z.unknown()).nullish() });

/**
 * Names of the MCP servers that files of the repository configure, or change: what they start is the repository's choice.
 * A file that cannot be read as the host would read it may name any: then the answer is "all".
 *
 * @param directory where the host was opened, in `projectDir`; both absolute
 */
export function repositoryServers(directory: string, projectDir: string): ReadonlySet<string> | "all" {
  const names = new Set<string>();
  for (const dir of directoriesUp(directory, projectDir)) {
    for (const file of FILES.map((name) => path.join(dir, name)).filter((each) => existsSync(each))) {
      const read = withServers.safeParse(parse(textOf(file), [], { allowTrailingComma: true }));
      if (!read.success) return "all";
      for (const name of Object.keys(read.data.mcp ?? {})) names.add(name);
    }
  }
  return names;
}

/** What cannot be read parses as nothing, which is "all". */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The directories in which the host looks for what a repository configures: the root and those down to the opened one. */
export function directoriesUp(directory: string, root: string): string[] {
  const below = path.relative(root, directory);
  if (below.startsWith("..") || path.isAbsolute(below)) return [root, directory];
  const segments = below === "" ? [] : below.split(path.sep);
  return [root, ...segments.map((_, at) => path.join(root, ...segments.slice(0, at + 1)))];
}
