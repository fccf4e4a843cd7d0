import { registerClaudeCode } from "./claudeCode/commands.ts";
import { registerCompletion } from "./completion.ts";
import { registerConfig } from "./config/commands.ts";
import { registerDashboard } from "./dashboard/command.ts";
import { registerDemo } from "./demo.ts";
import { registerDoctor } from "./doctor.ts";
import { registerFusion } from "./fusion/commands.ts";
import { registerHandoff } from "./handoff.ts";
import { registerHud } from "./hud/command.ts";
import { registerInstall } from "./install.ts";
import { registerJob } from "./job/commands.ts";
import { registerLimits } from "./limits/commands.ts";
import { registerLogsVllm } from "./logs-vllm.ts";
import { registerPlan } from "./plan.ts";
import type { Register } from "./program.ts";
import { registerRoute } from "./route/explain.ts";
import { registerScope } from "./scope/check.ts";
import { registerStartVllm } from "./start-vllm.ts";
import { registerStats } from "./stats/command.ts";
import { registerStopVllm } from "./stop-vllm.ts";
import { registerSwarm } from "./swarm/commands.ts";
import { registerTune } from "./tune.ts";

/** Every command there is, in the order of the help. */
export const commands: readonly Register[] = [
  registerInstall,
  registerDoctor,
  registerDemo,
  registerPlan,
  registerTune,
  registerStartVllm,
  registerStopVllm,
  registerLogsVllm,
  registerSwarm,
  registerJob,
  registerHud,
  registerDashboard,
  registerStats,
  registerHandoff,
  registerScope,
  registerRoute,
  registerLimits,
  registerFusion,
  registerClaudeCode,
  registerConfig,
  registerCompletion,
];
