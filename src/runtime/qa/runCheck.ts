import { detailOf } from "../../core/qa/detailOf.ts";
import type { QaCheck, QaRow } from "../../core/qa/qaCheck.ts";
import type { Sandbox, SandboxRun } from "../../ports/sandbox.ts";
import type { QaPlace } from "./qaPlace.ts";

/** `bash -c` says so for a command that is not installed. */
const COMMAND_NOT_FOUND = 127;

/**
 * Runs one check, once more if it fails: what then passes is flaky, not broken. A check stopped at its limit is not run
 * again, the wait would double for a hang.
 * @returns undefined if `signal` stopped it: an aborted check says nothing about the project.
 */
export async function runCheck(
  check: QaCheck,
  sandbox: Sandbox,
  place: QaPlace,
  signal: AbortSignal | undefined,
): Promise<QaRow | undefined> {
  const first = await runOnce(check, sandbox, place, signal);
  if (first.aborted) return undefined;
  if (passed(first) || first.timedOut) return rowOf(check, first, false);
  const second = await runOnce(check, sandbox, place, signal);
  if (second.aborted) return undefined;
  const total = { ...second, durationMs: first.durationMs + second.durationMs };
  return rowOf(check, total, passed(second));
}

async function runOnce(
  check: QaCheck,
  sandbox: Sandbox,
  place: QaPlace,
  signal: AbortSignal | undefined,
): Promise<SandboxRun> {
  return sandbox.run(place.spec, check.command, {
    cwd: place.dir,
    timeoutMs: check.timeoutMs,
    env: place.env,
    binds: place.binds,
    ...(signal === undefined ? {} : { signal }),
  });
}

function passed(run: SandboxRun): boolean {
  return run.exitCode === 0 && !run.timedOut && !run.aborted;
}

function rowOf(check: QaCheck, run: SandboxRun, flaky: boolean): QaRow {
  return {
    check: check.check,
    kind: check.kind,
    command: check.command,
    passed: passed(run),
    detail: detailText(check, run),
    durationMs: run.durationMs,
    flaky,
    output: run.output,
  };
}

function detailText(check: QaCheck, run: SandboxRun): string {
  if (run.timedOut) return `stopped after ${Math.round(check.timeoutMs / 1000)} s`;
  if (run.exitCode === COMMAND_NOT_FOUND) return "command not found";
  const detail = detailOf(check.kind, run.output);
  if (detail !== "") return detail;
  if (run.exitCode === 0) return "passed";
  return run.exitCode === undefined ? "killed" : `exit code ${run.exitCode}`;
}
