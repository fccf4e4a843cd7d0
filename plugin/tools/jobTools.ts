import { z } from "zod";
import type { ChatCall, ChatJobs } from "../../src/runtime/jobs/chatJobs.ts";

/** A tool about jobs: of any chat that may use it, with or without a swarm. */
export interface JobTool {
  name: string;
  description: string;
  args: z.ZodRawShape;
  /** @returns the text the model reads */
  run(jobs: ChatJobs, args: unknown, call: ChatCall & { session: string; agent: string }): Promise<string>;
}

const startArgs = {
  task: z.string().min(1).describe("What to do, complete: the job sees nothing of this chat."),
  agent: z.string().optional().describe("Agent that does it; leave it out for the usual one."),
};
const statusArgs = { task_id: z.string().optional().describe("Leave it out for the last jobs.") };

export const jobTools: readonly JobTool[] = [
  {
    name: "start_job",
    description:
      "Gives long, independent work (a minute and more) to a background job that goes on without this chat. You are told when it has ended; short work is done at once and its result returned.",
    args: startArgs,
    run: async (jobs, args, call) => {
      const read = z.strictObject(startArgs).safeParse(args);
      if (!read.success) return wrong("start_job", read.error);
      const { task, agent } = read.data;
      return jobs.ask({ task, agent, session: call.session, speaker: call.agent }, call);
    },
  },
  {
    name: "job_status",
    description: "Shows a background job with its result, or the last jobs. An end is told by itself: do not poll.",
    args: statusArgs,
    run: async (jobs, args) => {
      const read = z.strictObject(statusArgs).safeParse(args);
      return read.success ? jobs.status(read.data.task_id) : wrong("job_status", read.error);
    },
  },
];

function wrong(tool: string, error: z.ZodError): string {
  const [issue] = error.issues;
  return `${tool} was not called: ${issue?.path.join(".")}: ${issue?.message}. Call it again with its arguments.`;
}
