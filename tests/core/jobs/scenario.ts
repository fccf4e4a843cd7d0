import type { JobRequest, JobRunner } from "../../../src/core/jobs/record.ts";
import type { JobEnd } from "../../../src/core/jobs/transitions.ts";

export const request: JobRequest = {
  prompt: "Add docstrings to all files in src/api/",
  agent: null,
  wanted_provider: "auto",
  wanted_model: null,
  kind: "implementation",
  project: "/project",
  timeout_ms: 300_000,
  max_attempts: 3,
  estimate: null,
  asked_by: { via: "cli", session: null },
  retry_of: null,
};

export const runner = (token: string): JobRunner => ({
  token,
  host: "h",
  pid: 7,
  started: "1",
  place: "boot pid:[1]",
  lease_ms: 15_000,
});

export const done: JobEnd = {
  status: "completed",
  exit_code: 0,
  result: "done",
  tokens: { input: 10, output: 2, cached: 0 },
  provider: "local",
  model: "qwen",
  session: "ses_1",
  error: null,
  changes: null,
  log_lost: 0,
};

export const broke: JobEnd = {
  ...done,
  status: "failed",
  exit_code: 1,
  result: null,
  error: { kind: "auth", message: "401" },
};

/** A moment, in seconds. */
export const at = (second: number) => new Date(Date.UTC(2026, 0, 22, 10, 30, second)).toISOString();
