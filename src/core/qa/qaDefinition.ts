import { minimatch } from "minimatch";
import { readManifest } from "./discoverNode.ts";

/**
 * Files that say what QA is, as globs: whoever changes one can turn a red result green without mending anything.
 * `package.json` is judged by its scripts (`qaScriptsChanged`), since features rightly add dependencies to it.
 */
const QA_DEFINITION_GLOBS: readonly string[] = [
  // Continuous integration.
  ".github/workflows/**",
  ".github/actions/**",
  ".gitlab-ci.{yml,yaml}",
  ".gitlab/**",
  ".circleci/**",
  ".buildkite/**",
  ".ci/**",
  "{azure-pipelines,bitbucket-pipelines,.travis,.drone,.woodpecker,appveyor}.{yml,yaml}",
  "Jenkinsfile*",
  // Hooks.
  "{.husky,.githooks,.git-hooks}/**",
  "{.lefthook,lefthook}.{yml,yaml,toml,json}",
  "{.pre-commit-config.yaml,.lintstagedrc*,lint-staged.config.*}",
  // Test runners, type checkers, linters, in any package of the repository.
  "**/{vitest,vite,jest,playwright,cypress,karma,ava,mocha,wdio}.{config,workspace,setup,conf}.*",
  "**/.mocharc*",
  "**/tsconfig*.json",
  "**/{eslint,biome,oxlint,prettier,stylelint}.config.*",
  "**/{.eslintrc,.oxlintrc,.prettierrc,.stylelintrc}*",
  "**/{.eslintignore,.prettierignore}",
  "**/biome.{json,jsonc}",
  "**/{pytest,mypy,tox}.ini",
  "**/{setup.cfg,pyproject.toml,.mypy.ini,.coveragerc,noxfile.py,conftest.py}",
  "**/{ruff,.ruff,clippy,.clippy,rustfmt,nextest}.toml",
  "**/.golangci.*",
  "**/{Makefile,makefile,GNUmakefile,justfile,Justfile,Taskfile.yml,Rakefile}",
  "**/{mvnw,gradlew}",
  "**/{.nycrc,.c8rc,.taprc,.flake8,.pylintrc,pylintrc}*",
  "**/{pyrightconfig.json,sitecustomize.py,usercustomize.py}",
  // What starts the runners: a shell, an option or an alias set there stands in their place.
  "**/{.npmrc,.yarnrc,.yarnrc.yml,.pnpmfile.cjs,bunfig.toml,deno.json,deno.jsonc}",
  "**/.yarn/{releases,plugins}/**",
  "**/{nx,turbo,lerna,project,rush}.json",
  "**/.cargo/config{,.toml}",
  "**/.mvn/**",
  "**/{gradle.properties,pom.xml,*.gradle,*.gradle.kts}",
  "**/gradle/wrapper/**",
];

/**
 * Whether a change of `path` changes what QA means.
 * @param path relative to the root, `/`-separated.
 * @param globs other globs than QA_DEFINITION_GLOBS.
 */
export function isQaDefinition(path: string, globs: readonly string[] = QA_DEFINITION_GLOBS): boolean {
  return globs.some((glob) => minimatch(path, glob, { dot: true, nocase: true }));
}

/** A path whose text has to be compared with `qaScriptsChanged`. */
export function isPackageManifest(path: string): boolean {
  return path === "package.json" || path.endsWith("/package.json");
}

/** Keys of a package.json that set up a test runner or a linter, or say which packages a command runs in. */
const QA_KEYS = [
  "jest",
  "vitest",
  "mocha",
  "ava",
  "tap",
  "nyc",
  "c8",
  "eslintConfig",
  "eslintIgnore",
  "prettier",
  "stylelint",
  "xo",
  "standard",
  "lint-staged",
  "husky",
  "packageManager",
  "workspaces",
];

/**
 * Names of scripts, and of the keys beside them that set QA up, that differ between two versions of a package.json; a file that is absent or no JSON has none.
 * @returns sorted names, empty where QA means the same.
 */
export function qaScriptsChanged(before: string | undefined, after: string | undefined): string[] {
  const [old, now] = [readManifest(before)?.scripts ?? {}, readManifest(after)?.scripts ?? {}];
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  const keys = [parsed(before), parsed(after)];
  const set = QA_KEYS.filter((key) => JSON.stringify(keys[0]?.[key]) !== JSON.stringify(keys[1]?.[key]));
  return [...[...names].filter((name) => old[name] !== now[name]), ...set].sort();
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  const manifest = readManifest(text);
  return manifest === undefined ? undefined : (JSON.parse(text ?? "{}") as Record<string, unknown>);
}
