import { resolveGlob } from "../scope/compiledGlob.ts";
import { compileScope, FROM_GIT } from "../scope/contains.ts";
import { literalPrefix } from "../scope/prefix.ts";

/** Whose scopes hold which paths. Remembers what it was asked: a project's files are asked about again and again. */
export class ScopeOwners {
  private readonly scopes: readonly { id: string; prefixes: readonly string[]; holds: (path: string) => boolean }[];
  private readonly known = new Map<string, string[]>();

  constructor(owners: readonly { id: string; scope: readonly string[] }[]) {
    this.scopes = owners.map(({ id, scope }) => ({
      id,
      prefixes: scope.flatMap((glob) => (resolveGlob(glob).ok ? [literalPrefix(glob)] : [])),
      holds: compileScope(scope, FROM_GIT),
    }));
  }

  /** Ids of those that may write `path` (as git spells it). */
  of(path: string): string[] {
    const known = this.known.get(path);
    if (known) return known;
    // Most paths are below no part of a scope: comparing texts says so a hundred times faster than the automaton.
    const below = (prefix: string) => prefix === "" || path === prefix || path.startsWith(`${prefix}/`);
    const ids = this.scopes.filter(({ prefixes, holds }) => prefixes.some(below) && holds(path)).map(({ id }) => id);
    this.known.set(path, ids);
    return ids;
  }
}
