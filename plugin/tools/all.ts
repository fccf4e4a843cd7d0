import { approveDesign } from "./approveDesign.ts";
import { awaitWorkers } from "./awaitWorkers.ts";
import { cancelWorker } from "./cancelWorker.ts";
import { checkConflicts } from "./checkConflicts.ts";
import { commitChanges } from "./commitChanges.ts";
import { completeFoundation } from "./completeFoundation.ts";
import { dispatchWorkers } from "./dispatchWorkers.ts";
import { proposeDesign } from "./proposeDesign.ts";
import { readWorker } from "./readWorker.ts";
import { reportResult } from "./reportResult.ts";
import { retryWorker } from "./retryWorker.ts";
import { runQaTool } from "./runQa.ts";
import { skipDesign } from "./skipDesign.ts";
import type { SwarmTool } from "./tool.ts";
import { workerStatus } from "./workerStatus.ts";

/** Every tool this product adds, in the order of the work. */
export const swarmTools: readonly SwarmTool[] = [
  proposeDesign,
  approveDesign,
  skipDesign,
  completeFoundation,
  dispatchWorkers,
  workerStatus,
  awaitWorkers,
  readWorker,
  retryWorker,
  cancelWorker,
  checkConflicts,
  runQaTool,
  commitChanges,
  reportResult,
];
