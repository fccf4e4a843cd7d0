import type { CommandOf } from "../commands.ts";
import type { SwarmEvent } from "../events.ts";
import type { SwarmState } from "../state.ts";
import { findWorker, isLive, isOver, isRunning } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept } from "./decision.ts";
import { fail, renewOrFail } from "./workerEnds.ts";
import { lastRunOf } from "./workerReport.ts";

/** How often a Worker that stopped without a report is asked for one. */
const NUDGES = 1;
const LAST_WORDS = 400;

type WorkerCommand = CommandOf<
  | "worker_started"
  | "worker_resumed"
  | "worker_advanced"
  | "worker_wrote"
  | "worker_qa_ran"
  | "worker_strayed"
  | "worker_idle"
  | "worker_failed"
>;

/** What reactors and hooks saw of a Worker. Facts about Workers that ended already change nothing. */
export function workerFact(command: WorkerCommand, state: SwarmState): Decision {
  const worker = state && findWorker(state, command.worker);
  if (!state || !worker || isOver(state)) return accept();
  const { at } = command;
  const id = worker.assignment.id;
  if ("session" in command && command.type !== "worker_started" && command.session !== undefined) {
    if (!("session" in worker) || worker.session !== command.session) return accept();
  }
  switch (command.type) {
    case "worker_started":
      if (worker.status !== "queued") return accept();
      return accept({ type: "worker_started", at, worker: id, session: command.session, attempt: worker.attempt });
    case "worker_resumed": {
      const { takeUp } = command;
      if (!isRunning(worker)) return accept();
      if (takeUp === undefined) return accept({ type: "worker_resumed", at, worker: id, after: "restart" });
      const waits = worker.trouble?.kind === "waiting" && worker.trouble.takeUp === takeUp;
      return waits ? accept({ type: "worker_resumed", at, worker: id, after: "failure" }) : accept();
    }
    case "worker_advanced":
      if (!isRunning(worker) || worker.status === command.stage || command.stage === "exploring") return accept();
      return accept({ type: "worker_advanced", at, worker: id, stage: command.stage });
    case "worker_wrote": {
      const fresh = command.paths.filter((path) => !worker.wrote.includes(path));
      const wrote: SwarmEvent[] = fresh.length > 0 ? [{ type: "worker_wrote", at, worker: id, paths: fresh }] : [];
      // What is written during its own checks ends them: they say nothing about the files as they are now.
      if (isRunning(worker) && worker.status !== "implementing") {
        wrote.push({ type: "worker_advanced", at, worker: id, stage: "implementing" });
      }
      return accept(...wrote);
    }
    case "worker_qa_ran": {
      const { command: line, exit, fingerprint } = command;
      const known = lastRunOf(worker, line);
      if (!isRunning(worker) || known === (exit === 0 ? fingerprint : "")) return accept();
      return accept({ type: "worker_qa_ran", at, worker: id, command: line, exit, fingerprint });
    }
    case "worker_strayed":
      return accept({ type: "worker_strayed", at, worker: id, paths: [...command.paths], how: command.how });
    case "worker_idle":
      if (!isRunning(worker)) return accept();
      // A turn that ended while it waits to be taken up is the one that failed.
      if (worker.trouble?.kind === "waiting") return accept();
      if (worker.nudges < NUDGES) {
        const why = "its turn ended without report_result";
        const runaway = worker.untold === undefined ? {} : { runaway: worker.untold };
        return accept({ type: "worker_nudged", at, worker: id, why, ...runaway });
      }
      if (worker.untold !== undefined) {
        return renewOrFail(state, worker, at, `its answers had no end (${worker.untold})`, command.lastWords);
      }
      return fail(state, worker, at, lastWords(command.lastWords), command.tokens);
    case "worker_failed":
      return isLive(worker) ? fail(state, worker, at, command.reason, command.tokens) : accept();
  }
}

function lastWords(text: string): string {
  const words = text.trim().slice(-LAST_WORDS);
  return `ended twice without report_result; last words: ${words === "" ? "(none)" : words}`;
}
