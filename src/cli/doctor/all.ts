import type { Check } from "./check.ts";
import { checkAutoupdate } from "./checks/autoupdate.ts";
import { checkCapacity, checkMetrics, checkPrefixCaching } from "./checks/cache.ts";
import {
  checkChatTemplate,
  checkCompletion,
  checkConcurrency,
  checkToolCall,
  checkToolChoice,
} from "./checks/completions.ts";
import { checkAgentNames, checkConfig, checkOpencodeConfig } from "./checks/config.ts";
import { checkLongContext, checkSwarmLoad } from "./checks/deepServer.ts";
import {
  checkDefaultModel,
  checkElsewhere,
  checkNothingLeaves,
  checkPastGates,
  checkProviders,
  checkShare,
} from "./checks/egress.ts";
import { checkGate } from "./checks/gate.ts";
import { checkGit, checkGitState } from "./checks/git.ts";
import { checkDisk, checkGpu, checkNode } from "./checks/machine.ts";
import { checkMiniSwarm } from "./checks/miniSwarm.ts";
import { checkApiKey, checkBaseUrl, checkBind, checkContext, checkModel } from "./checks/modelServer.ts";
import {
  checkAgents,
  checkOfflineStart,
  checkOpencode,
  checkPluginEntry,
  checkPluginLoads,
  checkRipgrep,
} from "./checks/opencode.ts";
import { checkRedis } from "./checks/redis.ts";
import { checkSandbox } from "./checks/sandbox.ts";
import { checkAegisEnv, checkServerRecord, checkVllmFlags } from "./checks/serving.ts";
import { checkStateProject, checkStateUser } from "./checks/stateDirs.ts";
import { checkInbox, checkLease, checkSwarmLog } from "./checks/swarm.ts";

/** Every check, in the order of the report; one that needs another stands after it. */
export const allChecks: readonly Check[] = [
  checkNode,
  checkDisk,
  checkGpu,
  checkSandbox,
  checkStateUser,

  checkGit,
  checkGitState,
  checkStateProject,
  checkConfig,

  checkOpencode,
  checkOpencodeConfig,
  checkOfflineStart,
  checkRipgrep,
  checkPluginEntry,
  checkPluginLoads,
  checkAgents,
  checkGate,
  checkAgentNames,
  checkNothingLeaves,
  checkPastGates,
  checkProviders,
  checkDefaultModel,
  checkElsewhere,
  checkShare,
  checkAutoupdate,

  checkBaseUrl,
  checkApiKey,
  checkBind,
  checkModel,
  checkContext,
  checkCompletion,
  checkToolChoice,
  checkToolCall,
  checkChatTemplate,
  checkConcurrency,
  checkMetrics,
  checkPrefixCaching,
  checkCapacity,
  checkAegisEnv,
  checkVllmFlags,
  checkServerRecord,

  checkSwarmLog,
  checkLease,
  checkInbox,
  checkRedis,

  checkLongContext,
  checkSwarmLoad,
  checkMiniSwarm,
];
