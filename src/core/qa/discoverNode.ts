import { z } from "zod";
import { DEFAULT_TIMEOUT_MS, type QaCheck, type QaKind, type QaProject } from "./qaCheck.ts";

/** The part of package.json that QA reads; what is malformed counts as absent. */
export const packageManifest = z.object({
  scripts: z.record(z.string(), z.string()).optional().catch(undefined),
  packageManager: z.string().optional().catch(undefined),
});

export function readManifest(text: string | undefined): z.infer<typeof packageManifest> | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return packageManifest.safeParse(value).data;
}

/** Names under which projects keep a check, the plainest first. A script that runs once beats one that watches. */
const SCRIPTS: readonly (readonly [QaKind, readonly string[]])[] = [
  ["typecheck", ["typecheck", "type-check", "check-types", "check:types", "types:check", "types", "tsc"]],
  ["lint", ["lint", "lint:check", "check:lint", "lint:ci"]],
  ["test", ["test", "test:unit", "test:run", "test:ci", "unit"]],
  ["e2e", ["test:e2e", "e2e", "e2e:ci"]],
];

const NPM_DEFAULT_TEST = /no test specified/i;
/** A flag that keeps a runner alive; `CI=1` alone does not overrule it. `-w` means a workspace to package managers. */
const WATCHES = /(^|\s)(--watch(All)?(?!(=|\s+)false)|watch)(\s|=|$)|(^|\s)(tsc|mocha|vitest)\s([^&|;]*\s)?-w(\s|$)/;

export function discoverNode(project: QaProject): QaCheck[] {
  const manifest = readManifest(project.files.get("package.json"));
  const root = new Set(project.paths.filter((path) => !path.includes("/")));
  const scripts = manifest?.scripts ?? {};
  const manager = packageManager(manifest?.packageManager, root);
  const checks: QaCheck[] = [];
  for (const [kind, names] of SCRIPTS) {
    const name = names.find((candidate) => runsOnce(scripts[candidate]));
    if (name === undefined) continue;
    checks.push(check(kind, `${manager} run ${name}`, `package.json scripts.${name}`));
  }
  const has = (kind: QaKind): boolean => checks.some((found) => found.kind === kind);
  const configured = (pattern: RegExp): string | undefined => [...root].find((path) => pattern.test(path));
  const tool = (kind: QaKind, pattern: RegExp, command: string): void => {
    const file = has(kind) ? undefined : configured(pattern);
    if (file !== undefined) checks.push(check(kind, command, file));
  };
  tool("typecheck", /^tsconfig\.json$/, "npx --no-install tsc --noEmit");
  tool("lint", /^biome\.jsonc?$/, "npx --no-install biome check .");
  tool("lint", /^(eslint\.config\.[cm]?[jt]s|\.eslintrc(\.(c?js|json|ya?ml))?)$/, "npx --no-install eslint .");
  // Only where the test script cannot be used as it is: a configuration alone does not mean that there are tests.
  if (scripts.test !== undefined && !NPM_DEFAULT_TEST.test(scripts.test)) {
    tool("test", /^(vitest|vite)\.config\.[cm]?[jt]s$/, "npx --no-install vitest run");
    tool("test", /^jest\.config\.([cm]?[jt]s|json)$/, "npx --no-install jest --ci");
  }
  return checks;
}

function runsOnce(script: string | undefined): boolean {
  return script !== undefined && script.trim() !== "" && !NPM_DEFAULT_TEST.test(script) && !WATCHES.test(script);
}

function packageManager(declared: string | undefined, root: ReadonlySet<string>): string {
  const name = /^(npm|pnpm|yarn|bun)@/.exec(declared ?? "")?.[1];
  if (name !== undefined) return name;
  if (root.has("pnpm-lock.yaml")) return "pnpm";
  if (root.has("yarn.lock")) return "yarn";
  if (root.has("bun.lock") || root.has("bun.lockb")) return "bun";
  return "npm";
}

function check(kind: QaKind, command: string, source: string): QaCheck {
  return { check: kind, kind, command, timeoutMs: DEFAULT_TIMEOUT_MS[kind], source };
}
