import { discoverNode } from "./discoverNode.ts";
import { OTHER_FINDERS } from "./discoverOthers.ts";
import { DEFAULT_TIMEOUT_MS, kindOf, QA_KINDS, type QaCheck, type QaProject } from "./qaCheck.ts";

/** An entry of `workflow.qa`. */
export interface QaOverride {
  check: string;
  command: string;
  timeout_s?: number | undefined;
}

/** Root files whose text discovery reads. */
export const ROOT_FILES: readonly string[] = [
  "package.json",
  "pyproject.toml",
  "setup.cfg",
  "tox.ini",
  "requirements.txt",
  "requirements-dev.txt",
  "Cargo.toml",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "Makefile",
  "makefile",
  "GNUmakefile",
];

/** What finds a language family's checks. A test has a project for each. */
export const FINDERS = { node: discoverNode, ...OTHER_FINDERS };

/** Stands among the required checks for an end-to-end command that the project does not have. */
export const MISSING_E2E = "e2e";

/**
 * The project's own QA commands, cheapest kind first.
 *
 * @param override `workflow.qa`: where the person names commands, those count and nothing is guessed.
 * @returns an empty list where nothing was found: that is "not passed", never green.
 */
export function discoverQa(project: QaProject, override: readonly QaOverride[] = []): QaCheck[] {
  if (override.length > 0) return named(override.map(fromOverride));
  const found = Object.values(FINDERS).flatMap((find) => find(project));
  // A Makefile usually wraps what the language's own tools say: its targets count where they are all there is.
  const checks = found.length > 0 ? found : discoverMake(project);
  return named([...checks].sort((a, b) => QA_KINDS.indexOf(a.kind) - QA_KINDS.indexOf(b.kind)));
}

/** The checks a QA strategy asks the Commander for: the e2e command belongs to `full-e2e` alone. */
export function checksForStrategy(strategy: string, checks: readonly QaCheck[]): QaCheck[] {
  return checks.filter((check) => check.kind !== "e2e" || strategy === "full-e2e");
}

/**
 * Names of the checks that must pass before a commit. A strategy that asks for end-to-end tests wants one even where the
 * project has no such command: then "e2e" is among them, and no row can ever bear that name.
 * @param checks what `checksForStrategy` gave.
 */
export function requiredChecks(strategy: string, checks: readonly QaCheck[]): string[] {
  const names = checks.map((check) => check.check);
  const lacking = strategy === "full-e2e" && names.length > 0 && !checks.some((check) => check.kind === "e2e");
  return lacking ? [...names, MISSING_E2E] : names;
}

function fromOverride(entry: QaOverride): QaCheck {
  const kind = kindOf(entry.check);
  const timeoutMs = entry.timeout_s === undefined ? DEFAULT_TIMEOUT_MS[kind] : entry.timeout_s * 1000;
  return { check: entry.check, kind, command: entry.command, timeoutMs, source: "workflow.qa" };
}

/** Gives a second check of one name a number: names select checks and key their results. */
function named(checks: readonly QaCheck[]): QaCheck[] {
  const seen = new Map<string, number>();
  return checks.map((check) => {
    const count = (seen.get(check.check) ?? 0) + 1;
    seen.set(check.check, count);
    return count === 1 ? check : { ...check, check: `${check.check} ${count}` };
  });
}

const MAKE_TARGETS = ["lint", "check", "test"] as const;

function discoverMake({ files }: QaProject): QaCheck[] {
  for (const name of ["GNUmakefile", "makefile", "Makefile"]) {
    const text = files.get(name);
    if (text === undefined) continue;
    return MAKE_TARGETS.filter((target) => new RegExp(`^${target}\\s*::?(?!=)`, "m").test(text)).map((target) => {
      const kind = kindOf(target);
      return {
        check: target,
        kind,
        command: `make ${target}`,
        timeoutMs: DEFAULT_TIMEOUT_MS[kind],
        source: `${name}: ${target}`,
      };
    });
  }
  return [];
}
