import { expect, test } from "vitest";
import {
  checksForStrategy,
  discoverQa,
  FINDERS,
  type QaOverride,
  requiredChecks,
} from "../../../src/core/qa/discoverQa.ts";

/** Files of a root directory, plus paths whose text does not matter. */
function found(files: Record<string, string>, paths: string[] = [], override: QaOverride[] = []): [string, string][] {
  const checks = discoverQa(
    { files: new Map(Object.entries(files)), paths: [...Object.keys(files), ...paths] },
    override,
  );
  return checks.map((check) => [check.check, check.command]);
}

const scripts = (entries: Record<string, string>, more: object = {}): Record<string, string> => ({
  "package.json": JSON.stringify({ scripts: entries, ...more }),
});

/** A root file that each finder goes by, and nothing else: a finder that is missing here does not compile. */
const ONE_EACH: Readonly<Record<keyof typeof FINDERS, Record<string, string>>> = {
  node: scripts({ test: "vitest run" }),
  python: { "pyproject.toml": "[tool.pytest.ini_options]\n" },
  go: { "go.mod": "" },
  cargo: { "Cargo.toml": "[package]\n" },
  java: { "pom.xml": "" },
};

test.each(Object.entries(ONE_EACH))("%s finds its own project's checks, and no other finder does", (name, files) => {
  const project = { files: new Map(Object.entries(files)), paths: Object.keys(files) };
  const finders = Object.entries(FINDERS).flatMap(([each, find]) => (find(project).length > 0 ? [each] : []));
  expect(finders).toEqual([name]);
  expect(found(files).length).toBeGreaterThan(0);
});

test("nothing to find is an empty list, also where package.json is no JSON or has only npm's placeholder", () => {
  expect(found({}, ["README.md", "src/a.ts"])).toEqual([]);
  expect(found({ "package.json": "{" })).toEqual([]);
  expect(found({ "package.json": '{"scripts": 3}' })).toEqual([]);
  expect(found(scripts({ test: 'echo "Error: no test specified" && exit 1' }))).toEqual([]);
});

test("package scripts in the order type check, lint, test, e2e; a script beats a configuration file", () => {
  const files = scripts({ "test:e2e": "playwright test", test: "vitest", lint: "eslint .", "type-check": "tsc" });
  expect(found(files, ["tsconfig.json", "eslint.config.js", "package-lock.json"])).toEqual([
    ["typecheck", "npm run type-check"],
    ["lint", "npm run lint"],
    ["test", "npm run test"],
    ["e2e", "npm run test:e2e"],
  ]);
});

test.each([
  [["pnpm-lock.yaml"], undefined, "pnpm run test"],
  [["yarn.lock"], undefined, "yarn run test"],
  [["bun.lock"], undefined, "bun run test"],
  [["bun.lockb"], undefined, "bun run test"],
  [["package-lock.json"], undefined, "npm run test"],
  [["package-lock.json"], "pnpm@10.1.0", "pnpm run test"],
  [[], "unheard-of@1", "npm run test"],
])("package manager from %j and %j", (paths, packageManager, command) => {
  expect(found(scripts({ test: "vitest run" }, { packageManager }), paths)).toEqual([["test", command]]);
});

test("configurations stand in for missing scripts", () => {
  expect(found(scripts({}), ["tsconfig.json", "biome.json"])).toEqual([
    ["typecheck", "npx --no-install tsc --noEmit"],
    ["lint", "npx --no-install biome check ."],
  ]);
  expect(found({}, [".eslintrc.cjs"])).toEqual([["lint", "npx --no-install eslint ."]]);
  expect(found({}, ["packages/a/tsconfig.json", "docs/eslint.config.js"])).toEqual([]);
});

test("a script that watches whatever CI says is passed over", () => {
  expect(found(scripts({ test: "jest --watch", "test:ci": "jest --ci" }))).toEqual([["test", "npm run test:ci"]]);
  expect(found(scripts({ test: "vitest --watch" }), ["vitest.config.ts"])).toEqual([
    ["test", "npx --no-install vitest run"],
  ]);
  expect(found(scripts({ test: "jest --watchAll" }), ["jest.config.js"])).toEqual([
    ["test", "npx --no-install jest --ci"],
  ]);
  expect(found(scripts({ test: "jest --watchAll=false" }))).toEqual([["test", "npm run test"]]);
  expect(found(scripts({ typecheck: "tsc --noEmit -w" }))).toEqual([]);
  expect(found(scripts({ test: "npm test -w packages/a" }))).toEqual([["test", "npm run test"]]);
  expect(found(scripts({ test: "vitest" }))).toEqual([["test", "npm run test"]]);
});

test("python by its configuration, its requirements, or its test files", () => {
  const path = "PATH=.venv/bin:venv/bin:$PATH";
  const pyproject =
    '[project]\ndependencies = ["requests"]\n[tool.ruff]\nline-length = 100\n[tool.mypy]\nstrict = true\n[tool.pytest.ini_options]\n';
  const all = [
    ["mypy", `${path} mypy .`],
    ["ruff", `${path} ruff check .`],
    ["pytest", `${path} python3 -m pytest -q`],
  ];
  expect(found({ "pyproject.toml": pyproject })).toEqual(all);
  expect(found({ "setup.cfg": "[mypy]\n[tool:pytest]\n", "requirements.txt": "ruff==0.9\n" })).toEqual(all);
  expect(found({}, ["tests/test_a.py"])).toEqual([["pytest", `${path} python3 -m pytest -q`]]);
  expect(found({ "pyproject.toml": "[project]\n" }, ["src/contest.py"])).toEqual([]);
});

test("go, cargo, maven, gradle", () => {
  expect(found({}, ["go.mod"])).toEqual([
    ["go vet", "go vet ./..."],
    ["go test", "go test ./..."],
  ]);
  expect(found({ "Cargo.toml": "[package]\n" }).map(([check]) => check)).toEqual(["cargo check", "cargo test"]);
  expect(found({ "Cargo.toml": "[lints.clippy]\n" }).map(([check]) => check)).toEqual([
    "cargo check",
    "cargo clippy",
    "cargo test",
  ]);
  expect(found({ "pom.xml": "" })).toEqual([["maven", "mvn -q -B -o test"]]);
  expect(found({ "pom.xml": "" }, ["mvnw"])).toEqual([["maven", "sh ./mvnw -q -B -o test"]]);
  expect(found({ "build.gradle.kts": "" }, ["gradlew"])).toEqual([
    ["gradle", "sh ./gradlew --no-daemon --offline check"],
  ]);
});

test("make counts where nothing else is there, by real targets only", () => {
  const Makefile = "CC := gcc\ntest: build\n\tcc\nlint::\n\tx\ncheck := 1\nlatest:\n";
  expect(found({ Makefile })).toEqual([
    ["lint", "make lint"],
    ["test", "make test"],
  ]);
  expect(found({ Makefile, ...scripts({ test: "vitest run" }) })).toEqual([["test", "npm run test"]]);
});

test("a project of two languages is checked in both, each name once", () => {
  expect(found(scripts({ test: "vitest run" }), ["go.mod"]).map(([check]) => check)).toEqual([
    "go vet",
    "test",
    "go test",
  ]);
  const twice = found(
    {},
    [],
    [
      { check: "test", command: "a" },
      { check: "test", command: "b" },
    ],
  );
  expect(twice.map(([check]) => check)).toEqual(["test", "test 2"]);
});

test("the person's own list is all there is, with its limits", () => {
  const override = [
    { check: "unit tests", command: "./run tests", timeout_s: 7 },
    { check: "smoke", command: "./smoke" },
  ];
  const checks = discoverQa({ files: new Map(Object.entries(scripts({ test: "vitest" }))), paths: [] }, override);
  expect(checks).toEqual([
    { check: "unit tests", kind: "test", command: "./run tests", timeoutMs: 7000, source: "workflow.qa" },
    { check: "smoke", kind: "custom", command: "./smoke", timeoutMs: 900_000, source: "workflow.qa" },
  ]);
});

test("the e2e command belongs to full-e2e alone", () => {
  const checks = discoverQa({
    files: new Map(Object.entries(scripts({ test: "vitest run", e2e: "playwright test" }))),
    paths: [],
  });
  expect(checksForStrategy("commander-all", checks).map((check) => check.kind)).toEqual(["test"]);
  expect(checksForStrategy("full-e2e", checks).map((check) => check.kind)).toEqual(["test", "e2e"]);
});

test("full-e2e asks for an end-to-end check that the project does not have; nothing found stays nothing found", () => {
  const withE2e = discoverQa({ files: new Map(Object.entries(scripts({ test: "vitest", e2e: "x" }))), paths: [] });
  const without = discoverQa({ files: new Map(Object.entries(scripts({ test: "vitest" }))), paths: [] });
  expect(requiredChecks("full-e2e", withE2e)).toEqual(["test", "e2e"]);
  expect(requiredChecks("full-e2e", without)).toEqual(["test", "e2e"]);
  expect(requiredChecks("commander-all", without)).toEqual(["test"]);
  expect(requiredChecks("full-e2e", [])).toEqual([]);
});
