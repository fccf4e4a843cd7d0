import { readlinkSync, realpathSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { hasCode } from "../../src/ports/thrown.ts";

const fileArgs = z.looseObject({ filePath: z.string().optional(), path: z.string().optional() });
const patchArgs = z.looseObject({ patchText: z.string().optional(), patch: z.string().optional() });

/** Lines of a patch that name a file: `*** Add File: a.ts`, `*** Move to: b.ts`. */
const PATCH_FILE = /^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+)$/gmu;

/** Files a call of edit, write or apply_patch would write, as the model named them; undefined where that cannot be told. */
export function namedPaths(tool: string, args: unknown): string[] | undefined {
  if (tool === "apply_patch") {
    const parsed = patchArgs.safeParse(args);
    const text = parsed.success ? (parsed.data.patchText ?? parsed.data.patch) : undefined;
    const named = [...(text ?? "").matchAll(PATCH_FILE)].map((match) => (match[1] ?? "").trim());
    return named.length > 0 ? named : undefined;
  }
  const parsed = fileArgs.safeParse(args);
  const named = parsed.success ? (parsed.data.filePath ?? parsed.data.path) : undefined;
  return named === undefined || named.trim() === "" ? undefined : [named];
}

/** Links followed before a chain of them counts as endless; the number Linux uses. */
const MAX_LINKS = 40;

/**
 * Where a read or a write would really land: relative to the project with symbolic links resolved ("." is the project
 * itself), undefined outside of it. A path that does not exist yet is judged by its nearest existing ancestor, a link
 * that leads to nothing by what it names: a write would make exactly that. Looked up without leaving the thread: a few names
 * cost 20 µs, and a turn in the thread pool a millisecond where the machine is busy; this runs around every call.
 *
 * @throws where links go in circles, or a name cannot be one
 */
export function landingPath(projectDir: string, cwd: string, named: string): string | undefined {
  const root = realpathSync.native(projectDir);
  const target = realOrNearest(path.resolve(cwd, named), MAX_LINKS);
  const relative = path.relative(root, target);
  if (relative === "..") return undefined;
  if (relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) return undefined;
  return relative === "" ? "." : relative.split(path.sep).join("/");
}

function realOrNearest(target: string, linksLeft: number): string {
  try {
    return realpathSync.native(target);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
  const above = path.dirname(target);
  if (above === target) return target;
  const parent = realOrNearest(above, linksLeft);
  const entry = path.join(parent, path.basename(target));
  const link = linkAt(entry);
  if (link === undefined) return entry;
  if (linksLeft === 0) throw new Error(`${target} is behind too many symbolic links.`);
  return realOrNearest(path.resolve(parent, link), linksLeft - 1);
}

/** What the link at `entry` names; undefined where there is none. */
function linkAt(entry: string): string | undefined {
  try {
    return readlinkSync(entry);
  } catch {
    // Nothing there, or no link: the name stands for itself, and who opens it is told what is wrong with it.
    return undefined;
  }
}
