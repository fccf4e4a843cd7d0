import { DEFAULT_TIMEOUT_MS, type QaCheck, type QaKind, type QaProject } from "./qaCheck.ts";

function check(name: string, kind: QaKind, command: string, source: string): QaCheck {
  return { check: name, kind, command, timeoutMs: DEFAULT_TIMEOUT_MS[kind], source };
}

/** A project's virtual environment comes first where it has one; `python` alone is missing on many systems. */
const PYTHON_PATH = "PATH=.venv/bin:venv/bin:$PATH";

function python({ files, paths }: QaProject): QaCheck[] {
  const pyproject = files.get("pyproject.toml") ?? "";
  const setup = `${files.get("setup.cfg") ?? ""}\n${files.get("tox.ini") ?? ""}`;
  const requirements = `${files.get("requirements.txt") ?? ""}\n${files.get("requirements-dev.txt") ?? ""}`;
  const mentions = (tool: string): boolean =>
    new RegExp(`^\\s*["']?${tool}\\b|["']${tool}\\b`, "m").test(`${pyproject}\n${requirements}`);
  const section = (tool: string): string | undefined => {
    if (new RegExp(`^\\[tool\\.${tool}[\\].]`, "m").test(pyproject)) return `pyproject.toml [tool.${tool}]`;
    return new RegExp(`^\\[(tool:)?${tool}\\]`, "m").test(setup) ? `setup.cfg [${tool}]` : undefined;
  };
  const file = (...names: string[]): string | undefined => names.find((name) => paths.includes(name));
  const test = paths.find((path) => /(^|\/)(test_[^/]*|[^/]*_test)\.py$/.test(path));

  const checks: QaCheck[] = [];
  const mypy = section("mypy") ?? file("mypy.ini", ".mypy.ini");
  if (mypy !== undefined) checks.push(check("mypy", "typecheck", `${PYTHON_PATH} mypy .`, mypy));
  const ruff =
    section("ruff") ?? file("ruff.toml", ".ruff.toml") ?? (mentions("ruff") ? "dependencies: ruff" : undefined);
  if (ruff !== undefined) checks.push(check("ruff", "lint", `${PYTHON_PATH} ruff check .`, ruff));
  const pytest = section("pytest") ?? file("pytest.ini", "conftest.py") ?? test;
  if (pytest !== undefined) checks.push(check("pytest", "test", `${PYTHON_PATH} python3 -m pytest -q`, pytest));
  return checks;
}

function go({ paths }: QaProject): QaCheck[] {
  if (!paths.includes("go.mod")) return [];
  return [check("go vet", "typecheck", "go vet ./...", "go.mod"), check("go test", "test", "go test ./...", "go.mod")];
}

function cargo({ files, paths }: QaProject): QaCheck[] {
  const manifest = files.get("Cargo.toml");
  if (manifest === undefined) return [];
  const clippy =
    /^\[(workspace\.)?lints\.clippy\]/m.test(manifest) || paths.some((path) => /^\.?clippy\.toml$/.test(path));
  return [
    check("cargo check", "typecheck", "cargo check --offline --all-targets", "Cargo.toml"),
    ...(clippy
      ? [check("cargo clippy", "lint", "cargo clippy --offline --all-targets -- -D warnings", "Cargo.toml")]
      : []),
    check("cargo test", "test", "cargo test --offline", "Cargo.toml"),
  ];
}

function java({ files, paths }: QaProject): QaCheck[] {
  if (files.has("pom.xml")) {
    const maven = paths.includes("mvnw") ? "sh ./mvnw" : "mvn";
    return [check("maven", "test", `${maven} -q -B -o test`, "pom.xml")];
  }
  const script = ["build.gradle", "build.gradle.kts"].find((name) => files.has(name));
  if (script === undefined) return [];
  const gradle = paths.includes("gradlew") ? "sh ./gradlew" : "gradle";
  // No daemon: it would outlive the check.
  return [check("gradle", "test", `${gradle} --no-daemon --offline check`, script)];
}

/** Checks of Python, Go, Rust and Java projects. QA has no network: build tools are told so, they wait for it otherwise. */
export const OTHER_FINDERS = { python, go, cargo, java };
