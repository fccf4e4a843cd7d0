import type { EndedJob } from "../../../src/core/jobs/record.ts";
import { at, request } from "./scenario.ts";

/** A job that ended well; what a test is about is changed by `more`. */
export function endedJob(more: Partial<EndedJob> = {}): EndedJob {
  return {
    ...request,
    task_id: "task-20260122-103000-ab12",
    created_at: at(0),
    attempt: 1,
    log_lost: 0,
    lost: [],
    provider: "local",
    model: "aegis/m",
    session: "ses_1",
    started_at: at(0),
    completed_at: at(45),
    runner: null,
    cancel_requested_at: null,
    exit_code: 0,
    result: "The answer is 42.",
    tokens: { input: 1, output: 1, cached: 0 },
    changes: null,
    status: "completed",
    error: null,
    ...more,
  } as EndedJob;
}

export const failedJob = (): EndedJob =>
  endedJob({ status: "failed", exit_code: 1, result: null, error: { kind: "quota", message: "limit reached" } });
