import { homedir } from "node:os";
import { ChatWaitFiles } from "../src/adapters/jobs/chatWaitFiles.ts";
import { jobsHome } from "../src/config/jobsHome.ts";
import type { Config } from "../src/config/schema.ts";
import { TASK_ID } from "../src/core/jobs/taskId.ts";
import { ChatJobs } from "../src/runtime/jobs/chatJobs.ts";
import type { SwarmServices } from "../src/runtime/services.ts";

/** Jobs of this project's chats. Opens nothing before the first one. @param model the house's, as OpenCode names it */
export function chatJobs(
  { sessions, turns, projectDir: project, log }: SwarmServices,
  config: Config,
  model: string,
): ChatJobs {
  const home = homedir();
  // The runner reads the configuration by itself, where the plugin's options are not.
  const env = { ...process.env, OMQ_MODEL: model };
  return new ChatJobs({
    desk: async () => {
      const { openJobs } = await import("../src/jobDesk.ts");
      return openJobs(config, { env, home, log });
    },
    waits: new ChatWaitFiles(jobsHome(env, home), log),
    sessions,
    turns,
    project,
    between: config.jobs.between,
    patienceMs: config.jobs.backgroundAboveMs,
    wakes: config.jobs.notify.chat,
    log,
  });
}

/** Carries out `/job` and `/jobs`. @returns what the person is told */
export async function jobCommand(
  jobs: ChatJobs,
  { command, arguments: typed, session }: { command: "job" | "jobs"; arguments: string; session: string },
): Promise<string> {
  // `opencode run` puts an argument with blanks in quotation marks before it sends it.
  const words = typed.trim().replace(/^"([\s\S]*)"$/u, "$1");
  if (command === "jobs") return jobs.status(words);
  if (words === "") return "Say what to do: /job Add docstrings to src/api. /jobs shows the last ones.";
  if (TASK_ID.test(words)) return jobs.status(words);
  return jobs.start({ task: words, session });
}
