import { compileScope, FROM_GIT } from "../core/scope/contains.ts";
import { expandBraces } from "../core/scope/globText.ts";
import { literalPrefix } from "../core/scope/prefix.ts";
import type { Worker } from "../core/workflow/state.ts";
import type { Git } from "../ports/git.ts";

/**
 * Names the contents of a Worker's scope. Changes of others leave it as it is, so that eight Workers do not outdate each
 * other's checks.
 */
export function scopeFingerprint(git: Git, worker: Worker): Promise<string> {
  const { fileScope } = worker.assignment;
  const under = fileScope.flatMap((glob) => {
    const expanded = expandBraces(glob);
    return (expanded.ok ? expanded.patterns : [glob]).map(literalPrefix);
  });
  return git.fingerprint(under, compileScope(fileScope, FROM_GIT));
}
