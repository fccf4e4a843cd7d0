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

test("a manifest counts by its scripts alone", () => {
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
