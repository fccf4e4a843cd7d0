import type { CommandOf } from "../commands.ts";
import type { SwarmState } from "../state.ts";
import { findWorker, isLive } from "../state.ts";
import type { Decision } from "./decision.ts";
import { accept } from "./decision.ts";

type WorktreeCommand = CommandOf<"worktree_opened" | "worker_saved" | "worktree_closed">;

/**
 * What was done with a Worker's own tree. Saving and closing count after the swarm's end too: that is when an aborted
 * swarm's work is put in safety.
 */
export function worktreeFact(command: WorktreeCommand, state: SwarmState): Decision {
  const worker = state && findWorker(state, command.worker);
  if (!state || !worker) return accept();
  const { at } = command;
  const id = worker.assignment.id;
  switch (command.type) {
    case "worktree_opened": {
      if (!isLive(worker)) return accept();
      const { dir, branch, start, carries } = command;
      return accept({ type: "worktree_opened", at, worker: id, dir, branch, start, carries: [...carries] });
    }
    case "worker_saved":
      if (!worker.worktree || worker.worktree.saved === command.commit) return accept();
      return accept({ type: "worker_saved", at, worker: id, commit: command.commit });
    case "worktree_closed": {
      if (!worker.worktree || worker.worktree.closed) return accept();
      const { kept, why } = command;
      const where = { ...(kept === undefined ? {} : { kept }), ...(why === undefined ? {} : { why }) };
      return accept({ type: "worktree_closed", at, worker: id, ...where });
    }
  }
}
