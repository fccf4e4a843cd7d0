import type { QaCheck, QaRow } from "../../core/qa/qaCheck.ts";
import type { Git } from "../../ports/git.ts";
import type { Sandbox } from "../../ports/sandbox.ts";
import { inCheckout, inProject, type QaPlace, type QaSandboxBase } from "./qaPlace.ts";
import { runCheck } from "./runCheck.ts";

export interface QaRequest {
  checks: readonly QaCheck[];
  sandbox: Sandbox;
  git: Git;
  /** Absolute path of the worktree root. */
  projectDir: string;
  /** The tree to test; without it, the project as it lies there. */
  tree?: string | undefined;
  /** Names or kinds of checks; results of several calls add up per tree hash. */
  only?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: QaProgress) => void) | undefined;
  sandboxSpecBase: QaSandboxBase;
}

export interface QaProgress {
  check: string;
  /** Position in the list of checks, from 1. */
  index: number;
  total: number;
  /** Absent when the check starts. */
  row?: QaRow;
}

export interface QaOutcome {
  /** Hash of the tree the rows are evidence for. */
  tree: string;
  rows: QaRow[];
  /** Tracked or unignored files that QA itself changed, in any run. */
  changedFiles: string[];
  /** Whether the last run left every file as it found it. */
  stable: boolean;
  /** All of `rows` passed on one unchanged tree. */
  passed: boolean;
  /** Why not, and what to do next; absent where failed rows say it. */
  reason?: string;
}

/**
 * Runs the project's QA and binds the result to the hash of what was tested.
 * A QA that changes files is run once more on what it left; if files change again, it proves nothing and is named.
 * @throws what git and the sandbox throw: without either there is no evidence.
 */
export async function runQa(request: QaRequest): Promise<QaOutcome> {
  const { git, projectDir, sandboxSpecBase } = request;
  const present = await git.snapshot();
  const tree = request.tree ?? present;
  const checks = selected(request.checks, request.only);
  if (typeof checks === "string")
    return { tree, rows: [], changedFiles: [], stable: true, passed: false, reason: checks };
  if (tree === present) return runIn(inProject(git, projectDir, sandboxSpecBase), request, checks);
  return git.withCheckout(tree, async (dir, inside) => {
    const outcome = await runIn(inCheckout(inside, dir, projectDir, sandboxSpecBase), request, checks);
    if (outcome.tree === tree) return outcome;
    // What QA wrote here is thrown away, so a result for it would be evidence for a tree nobody has.
    const changedFiles = (await inside.changed(tree, outcome.tree)).map((change) => change.path);
    return { ...outcome, tree, changedFiles, stable: false, passed: false, reason: changesFiles(changedFiles) };
  });
}

function selected(checks: readonly QaCheck[], only: readonly string[] | undefined): QaCheck[] | string {
  if (checks.length === 0)
    return "no QA command found; ask the person how this project is checked, or set `workflow.qa` to a list of {check, command}.";
  if (only === undefined || only.length === 0) return [...checks];
  const chosen = checks.filter((check) => only.includes(check.check) || only.includes(check.kind));
  if (chosen.length > 0) return chosen;
  return `no QA command is called ${only.join(", ")}; there are: ${checks.map((check) => check.check).join(", ")}.`;
}

async function runIn(place: QaPlace, request: QaRequest, checks: readonly QaCheck[]): Promise<QaOutcome> {
  const first = await runAll(place, request, checks);
  if (first.aborted || first.changedFiles.length === 0) return outcomeOf(first);
  const second = await runAll(place, request, checks);
  const changedFiles = [...new Set([...first.changedFiles, ...second.changedFiles])].sort();
  const flaky = new Set(first.rows.filter((row) => row.flaky).map((row) => row.check));
  const rows = second.rows.map((row) => ({ ...row, flaky: row.flaky || (row.passed && flaky.has(row.check)) }));
  return { ...outcomeOf({ ...second, rows }), changedFiles };
}

interface Pass {
  tree: string;
  rows: QaRow[];
  changedFiles: string[];
  aborted: boolean;
}

async function runAll(place: QaPlace, request: QaRequest, checks: readonly QaCheck[]): Promise<Pass> {
  const before = await place.git.snapshot();
  const rows: QaRow[] = [];
  let aborted = false;
  for (const [i, check] of checks.entries()) {
    const progress = { check: check.check, index: i + 1, total: checks.length };
    if (request.signal?.aborted) aborted = true;
    if (aborted) break;
    request.onProgress?.(progress);
    const row = await runCheck(check, request.sandbox, place, request.signal);
    if (row === undefined) {
      aborted = true;
      break;
    }
    rows.push(row);
    request.onProgress?.({ ...progress, row });
  }
  const after = await place.git.snapshot();
  const changedFiles = (await place.git.changed(before, after)).map((change) => change.path);
  return { tree: after, rows, changedFiles, aborted };
}

function outcomeOf({ tree, rows, changedFiles, aborted }: Pass): QaOutcome {
  const stable = changedFiles.length === 0;
  const passed = !aborted && stable && rows.length > 0 && rows.every((row) => row.passed);
  const reason = aborted
    ? "QA was stopped before it ended; run it again."
    : stable
      ? undefined
      : changesFiles(changedFiles);
  return { tree, rows, changedFiles, stable, passed, ...(reason === undefined ? {} : { reason }) };
}

/** Enough to know the cause; a coverage report alone may be hundreds of files. */
const NAMED_FILES = 10;

function changesFiles(files: readonly string[]): string {
  const rest = files.length > NAMED_FILES ? ` and ${files.length - NAMED_FILES} more` : "";
  return `files changed while QA ran, so its result is bound to no tree: ${files.slice(0, NAMED_FILES).join(", ")}${rest}. Ignore them in .gitignore, or make the command leave them alone (no --fix, no --write), then run QA again.`;
}
