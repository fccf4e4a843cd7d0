import type { Command } from "commander";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { registerCancel } from "./cancel.ts";
import { registerList } from "./list.ts";
import { registerLogs } from "./logs.ts";
import { registerNotifications } from "./notifications.ts";
import { registerPrune } from "./prune.ts";
import { registerRetry } from "./retry.ts";
import { registerShow } from "./show.ts";
import { registerStart } from "./start.ts";
import { registerWait } from "./wait.ts";
import { registerWatch } from "./watch.ts";
import { registerWorker } from "./worker.ts";

/** `job start|list|show|logs|cancel|retry|wait|watch|notifications|prune|worker`: work in the background. */
export function registerJob(program: Command, io: Io): void {
  const group = program.command("job").description(say(io.lang, "job.description"));
  const each = [
    registerStart,
    registerList,
    registerShow,
    registerLogs,
    registerCancel,
    registerRetry,
    registerWait,
    registerWatch,
    registerNotifications,
    registerPrune,
    registerWorker,
  ];
  for (const register of each) register(group, io);
}
