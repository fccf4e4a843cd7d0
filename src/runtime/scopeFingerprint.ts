import { compileScope, FROM_GIT } from "../core/scope/contains.ts";
import { expandBraces } from "../core/scope/globText.ts";
import { literalPrefix } from "../core/scope/prefix.ts";
import type { Assignment } from "../core/workflow/model.ts";
import type { Git } from "../ports/git.ts";

interface Readied {
  under: readonly string[];
  inside: (path: string) => boolean;
}

/**
 * Names the contents of Workers' scopes. Changes of others leave one as it is, so that eight Workers do not outdate each
 * other's checks.
 */
export class ScopeFingerprints {
  /** A scope never changes, and is asked about three times for every check. */
  private readonly scopes = new WeakMap<Assignment, Readied>();

  of(git: Git, assignment: Assignment): Promise<string> {
    const { under, inside } = this.scopes.get(assignment) ?? this.ready(assignment);
    return git.fingerprint(under, inside);
  }

  private ready(assignment: Assignment): Readied {
    const { fileScope } = assignment;
    const under = fileScope.flatMap((glob) => {
      const expanded = expandBraces(glob);
      return (expanded.ok ? expanded.patterns : [glob]).map(literalPrefix);
    });
    const readied = { under, inside: compileScope(fileScope, FROM_GIT) };
    this.scopes.set(assignment, readied);
    return readied;
  }
}
