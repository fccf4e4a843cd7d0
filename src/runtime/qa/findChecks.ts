import { discoverQa, type QaOverride, ROOT_FILES } from "../../core/qa/discoverQa.ts";
import type { QaCheck } from "../../core/qa/qaCheck.ts";
import { isPackageManifest, isQaDefinition, qaScriptsChanged } from "../../core/qa/qaDefinition.ts";
import type { Git } from "../../ports/git.ts";

/** The QA commands of a tree: read from the tree itself, not from the disk, so that they belong to what is tested. */
export async function findChecks(git: Git, tree: string, override: readonly QaOverride[] = []): Promise<QaCheck[]> {
  if (override.length > 0) return discoverQa({ files: new Map(), paths: [] }, override);
  const [paths, files] = await Promise.all([git.paths(tree), git.readText(tree, ROOT_FILES)]);
  return discoverQa({ files, paths }, override);
}

/**
 * Changes between two trees to what QA means. They void the evidence until the person accepts them.
 * @param globs other QA definitions than the usual ones (`workflow.qaDefinitions`).
 * @returns paths, those of a package.json with the scripts that differ: `package.json (scripts: test)`.
 */
export async function qaDefinitionChanges(
  git: Git,
  baseline: string,
  tree: string,
  globs?: readonly string[],
): Promise<string[]> {
  const changed = (await git.changed(baseline, tree)).map((change) => change.path);
  const manifests = changed.filter(isPackageManifest);
  const [before, after] = await Promise.all([git.readText(baseline, manifests), git.readText(tree, manifests)]);
  return changed.flatMap((path) => {
    if (isQaDefinition(path, globs)) return [path];
    const scripts = isPackageManifest(path) ? qaScriptsChanged(before.get(path), after.get(path)) : [];
    return scripts.length > 0 ? [`${path} (scripts: ${scripts.join(", ")})`] : [];
  });
}
