import { expect, test } from "vitest";
import { isPackageManifest, isQaDefinition, qaScriptsChanged } from "../../../src/core/qa/qaDefinition.ts";

test.each([
  ".github/workflows/ci.yml",
  ".gitlab-ci.yml",
  ".circleci/config.yml",
  "Jenkinsfile",
  ".husky/pre-commit",
  ".pre-commit-config.yaml",
  "vitest.config.ts",
  "packages/a/jest.config.cjs",
  "vitest.workspace.ts",
  "tsconfig.json",
  "packages/a/tsconfig.build.json",
  "eslint.config.mjs",
  ".eslintrc",
  ".eslintrc.json",
  "biome.jsonc",
  "pytest.ini",
  "setup.cfg",
  "tox.ini",
  "tests/conftest.py",
  "Makefile",
  "gradlew",
  ".npmrc",
  "packages/a/.npmrc",
  ".yarnrc.yml",
  ".yarn/releases/yarn-4.cjs",
  "bunfig.toml",
  "turbo.json",
  ".cargo/config.toml",
  ".cargo/config",
  ".mvn/maven.config",
  "app/build.gradle.kts",
  "pom.xml",
  "gradle/wrapper/gradle-wrapper.properties",
  "lib/sitecustomize.py",
  ".flake8",
])("%s says what QA is", (path) => expect(isQaDefinition(path)).toBe(true));

test.each([
  "src/a.ts",
  "tests/a.test.ts",
  "package.json",
  "README.md",
  "src/config.ts",
  "docs/Makefile.md",
  "src/makefiles/a.c",
])("%s does not", (path) => expect(isQaDefinition(path)).toBe(false));

test("other globs replace the usual ones", () => {
  expect(isQaDefinition("qa/run.sh", ["qa/**"])).toBe(true);
  expect(isQaDefinition("vitest.config.ts", ["qa/**"])).toBe(false);
});

test("a manifest counts by its scripts and by what sets a runner up", () => {
  const base = { scripts: { test: "jest" }, jest: { testMatch: ["a"] }, workspaces: ["a", "b"] };
  const changed = (more: object) => qaScriptsChanged(JSON.stringify(base), JSON.stringify({ ...base, ...more }));
  expect(changed({ description: "x", dependencies: { a: "1" } })).toEqual([]);
  expect(changed({ jest: { testMatch: ["nothing"] } })).toEqual(["jest"]);
  expect(changed({ workspaces: ["a"], eslintIgnore: ["**"] })).toEqual(["eslintIgnore", "workspaces"]);
});

test("a manifest's dependencies say nothing about QA", () => {
  const manifest = (scripts: object, dependencies = {}): string => JSON.stringify({ scripts, dependencies });
  expect(isPackageManifest("packages/a/package.json")).toBe(true);
  expect(isPackageManifest("src/package.json.ts")).toBe(false);
  expect(qaScriptsChanged(manifest({ test: "a" }), manifest({ test: "a" }, { zod: "4" }))).toEqual([]);
  expect(qaScriptsChanged(manifest({ test: "a", lint: "b" }), manifest({ test: "true", build: "c" }))).toEqual([
    "build",
    "lint",
    "test",
  ]);
  expect(qaScriptsChanged(undefined, manifest({ test: "a" }))).toEqual(["test"]);
  expect(qaScriptsChanged(manifest({ test: "a" }), "no json")).toEqual(["test"]);
});
