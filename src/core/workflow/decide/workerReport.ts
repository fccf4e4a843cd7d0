import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import { refusal } from "../refusal.ts";
import type { SwarmState, Worker } from "../state.ts";
import { findWorker, isRunning, qaStrategyOf } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept, refuse } from "./decision.ts";
import { skippedWith } from "./workerEnds.ts";

/** A Worker's report: what it calls passed has to have run, on the files as they are now. */
export function reportResult(command: CommandOf<"report_result">, state: SwarmState): Decision {
  const worker = state && findWorker(state, command.worker);
  if (!state || !worker || !isRunning(worker)) {
    return refuse(
      refusal("worker-ended", "this Worker has already ended.", "stop here; the Commander has your report."),
    );
  }
  const { status, summary, qa, notes, tokens, at } = command;
  const id = worker.assignment.id;
  const proven = qa.filter(
    (row) => row.passed && lastRunOf(worker, row.command) === command.fingerprint && command.fingerprint !== "",
  );
  const qaVerified = proven.length > 0 && proven.length === qa.filter((row) => row.passed).length;
  // Where only the Commander runs QA, a part without checks of its own is complete; its report says that none were seen.
  const ownQa = command.shellOffered && qaStrategyOf(state) !== "commander-all";
  if (status === "completed" && ownQa && !qaVerified) {
    return refuse(unproven(worker, qa, command.fingerprint));
  }
  const failing = qa.filter((row) => !row.passed).map((row) => row.command);
  if (status === "completed" && failing.length > 0) {
    return refuse(
      refusal(
        "qa-failed",
        `you report completed, but ${failing.join(", ")} did not pass.`,
        "mend it and run it again, or report failed.",
      ),
    );
  }
  const reported: SwarmEvent = {
    type: "worker_reported",
    at,
    worker: id,
    status,
    summary,
    qa: [...qa],
    qaVerified,
    ...(notes === undefined ? {} : { notes }),
    ...(tokens ? { tokens } : {}),
  };
  return accept(reported, ...(status === "completed" ? [] : skippedWith(state, worker, at)));
}

/** Fingerprint of the last run of `command` that exited 0, "" where the last run failed, undefined where none ran. */
export function lastRunOf(worker: Worker, command: string): string | undefined {
  const line = command.trim();
  return Object.hasOwn(worker.qaRuns, line) ? worker.qaRuns[line] : undefined;
}

function unproven(worker: Worker, qa: readonly { command: string; passed: boolean }[], fingerprint: string) {
  const claimed = qa.find(
    (row) => row.passed && (fingerprint === "" || lastRunOf(worker, row.command) !== fingerprint),
  );
  const ran = claimed && lastRunOf(worker, claimed.command);
  if (!claimed) {
    return refusal(
      "qa-not-run",
      "a completed Worker has run its own QA, and the report names none.",
      "run your checks with bash, then report them as qa: [{command, passed}] with exactly the command you ran.",
    );
  }
  if (ran === undefined) {
    return refusal(
      "qa-not-run",
      `\`${claimed.command}\` did not run in this session.`,
      "run exactly this command with bash, then report again.",
    );
  }
  return ran === ""
    ? refusal(
        "qa-failed",
        `\`${claimed.command}\` exited with an error when it last ran.`,
        "mend it, run it again, then report.",
      )
    : refusal(
        "qa-outdated",
        `files in your scope changed since \`${claimed.command}\` ran.`,
        "run it again, then report.",
      );
}
