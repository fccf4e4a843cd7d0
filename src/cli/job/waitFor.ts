import type { JobRecord } from "../../core/jobs/record.ts";
import type { JobDesk } from "../../runtime/jobs/jobDesk.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { unknownJob } from "./desk.ts";

/** A job as it stands at its end, or when `signal` aborts. @throws CliFailure where there is none */
export async function waitFor(io: Io, desk: JobDesk, id: string, signal: AbortSignal): Promise<JobRecord> {
  const job = await desk.wait(id, signal);
  if (job === undefined) throw unknownJob(io, id);
  return job;
}

/** @throws CliFailure (exit 1) with all of them as data where one did not complete */
export function failUnlessCompleted(io: Io, jobs: readonly JobRecord[]): void {
  const others = jobs.filter(({ status }) => status !== "completed");
  const [first] = others;
  if (first === undefined) return;
  const ids = others.map(({ task_id }) => task_id).join(", ");
  throw new CliFailure(say(io.lang, "job.wait.failed", { count: others.length, all: jobs.length, ids }), {
    next: say(io.lang, "job.wait.failed.next", { id: first.task_id }),
    data: { jobs },
  });
}
