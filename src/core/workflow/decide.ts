import type { SwarmCommand } from "./commands.ts";
import { commanderTrouble } from "./decide/commanderTroubles.ts";
import { adoptSwarm, commanderIdle, commanderStuck, personAborted, resumeSwarm } from "./decide/continuation.ts";
import type { Decision } from "./decide/decision.ts";
import {
  abortSwarm,
  approveDesign,
  beginSwarm,
  cancelAutopilot,
  completeFoundation,
  personSpoke,
  proposeDesign,
  skipDesign,
} from "./decide/design.ts";
import { dispatchWorkers } from "./decide/dispatch.ts";
import {
  askUnsandboxedQa,
  checkConflicts,
  commanderWrote,
  commitLanded,
  overrideGate,
  qaChangeSeen,
  qaRan,
} from "./decide/integrate.ts";
import { askReport, reportGiven } from "./decide/report.ts";
import { workerTrouble } from "./decide/troubles.ts";
import { workerFact } from "./decide/workerFacts.ts";
import { cancelWorker, readWorker, retryWorker } from "./decide/workerOrders.ts";
import { reportResult } from "./decide/workerReport.ts";
import { worktreeFact } from "./decide/worktrees.ts";
import type { SwarmState } from "./state.ts";

/** The one decider: what `command` leads to in `state`. Pure; time and ids come in with the command. */
export function decide(command: SwarmCommand, state: SwarmState): Decision {
  switch (command.type) {
    case "begin_swarm":
      return beginSwarm(command, state);
    case "person_spoke":
      return personSpoke(command, state);
    case "cancel_autopilot":
      return cancelAutopilot(command, state);
    case "propose_design":
      return proposeDesign(command, state);
    case "approve_design":
      return approveDesign(command, state);
    case "skip_design":
      return skipDesign(command, state);
    case "complete_foundation":
      return completeFoundation(command, state);
    case "commander_wrote":
      return commanderWrote(command, state);
    case "dispatch_workers":
      return dispatchWorkers(command, state);
    case "worker_started":
    case "worker_resumed":
    case "worker_advanced":
    case "worker_wrote":
    case "worker_qa_ran":
    case "worker_strayed":
    case "worker_idle":
    case "worker_failed":
      return workerFact(command, state);
    case "worktree_opened":
    case "worker_saved":
    case "worktree_closed":
      return worktreeFact(command, state);
    case "worker_request_failed":
    case "worker_stalled":
    case "worker_moving":
    case "worker_ran_away":
    case "worker_told":
    case "worker_stuck":
      return workerTrouble(command, state);
    case "report_result":
      return reportResult(command, state);
    case "retry_worker":
      return retryWorker(command, state);
    case "cancel_worker":
      return cancelWorker(command, state);
    case "read_worker":
      return readWorker(command, state);
    case "check_conflicts":
      return checkConflicts(command, state);
    case "qa_ran":
      return qaRan(command, state);
    case "qa_change_seen":
      return qaChangeSeen(command, state);
    case "ask_unsandboxed_qa":
      return askUnsandboxedQa(command, state);
    case "commit_landed":
      return commitLanded(command, state);
    case "ask_report":
      return askReport(command, state);
    case "report_given":
      return reportGiven(command, state);
    case "commander_idle":
      return commanderIdle(command, state);
    case "commander_stuck":
      return commanderStuck(command, state);
    case "commander_request_failed":
    case "commander_resumed":
    case "commander_ran_away":
    case "commander_told":
      return commanderTrouble(command, state);
    case "person_aborted":
      return personAborted(command, state);
    case "adopt_swarm":
      return adoptSwarm(command, state);
    case "resume_swarm":
      return resumeSwarm(command, state);
    case "abort_swarm":
      return abortSwarm(command, state);
    case "override_gate":
      return overrideGate(command, state);
  }
}
