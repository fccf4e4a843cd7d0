import { z } from "zod";
import { compileGlob } from "./compiledGlob.ts";
import type { GlobProblemCode } from "./globText.ts";
import { normalizeScopeGlob } from "./normalize.ts";
import { compiledScopesOverlap } from "./overlap.ts";
import type { ScopeOptions } from "./scopeOptions.ts";

/** What `scope check` reads: one entry per Worker; other keys of a dispatch are allowed and ignored. */
export const ScopeCheckInput = z.array(
  z.object({ name: z.string().trim().min(1), fileScope: z.array(z.string()).max(256) }),
);

/** Two Workers whose scopes overlap, with the globs as they were written. */
export interface ScopeCheckOverlap {
  a: string;
  b: string;
  globA: string;
  globB: string;
  witness?: string;
  undecided?: true;
  reason?: string;
}

export interface ScopeProblem {
  /** The Worker's name, or the place in the input that could not be read. */
  name: string;
  glob: string;
  code: GlobProblemCode | "malformed-input" | "duplicate-name";
  reason: string;
}

export type ScopeCheck =
  | { ok: true; overlaps: [] }
  | { ok: false; overlaps: ScopeCheckOverlap[]; problems?: ScopeProblem[] };

/** Compares the scopes of all Workers in `input` (`[{"name","fileScope":[…]}]`, already parsed from JSON). Every pair of
 * Workers is reported once, with the first pair of globs that meet. A Worker's own globs may overlap each other. Globs
 * that cannot be used are `problems` and take no part in the comparison; malformed input is a problem too, so that this
 * never throws for what a person or a model wrote. */
export function checkScopes(input: unknown, options: ScopeOptions = {}): ScopeCheck {
  const parsed = ScopeCheckInput.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue): ScopeProblem => {
      const place = issue.path.length > 0 ? issue.path.join(".") : "(top level)";
      const expected = 'expected [{"name": "…", "fileScope": ["glob", …]}, …]';
      return { name: place, glob: "", code: "malformed-input", reason: `at ${place}: ${issue.message}; ${expected}` };
    });
    return { ok: false, overlaps: [], problems };
  }
  const problems: ScopeProblem[] = [];
  const seen = new Set<string>();
  const workers = parsed.data.map(({ name, fileScope }) => {
    if (seen.has(name)) {
      problems.push({ name, glob: "", code: "duplicate-name", reason: `two Workers are called \`${name}\`` });
    }
    seen.add(name);
    const usable = fileScope.filter((glob) => {
      const result = normalizeScopeGlob(glob);
      if (!result.ok) problems.push({ name, glob, code: result.code, reason: result.reason });
      return result.ok;
    });
    return { name, globs: usable.map((glob) => compileGlob(glob, options)) };
  });
  const overlaps: ScopeCheckOverlap[] = [];
  for (const [index, a] of workers.entries()) {
    for (const b of workers.slice(index + 1)) {
      const found = compiledScopesOverlap(a.globs, b.globs, options);
      if (found) overlaps.push({ a: a.name, b: b.name, ...found });
    }
  }
  if (overlaps.length === 0 && problems.length === 0) return { ok: true, overlaps: [] };
  return { ok: false, overlaps, ...(problems.length > 0 ? { problems } : {}) };
}
