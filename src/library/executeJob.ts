import type { RunningJob } from "../core/jobs/record.ts";
import type { ExecuteJob, JobOutcome } from "../ports/jobWork.ts";
import { messageOf } from "../ports/thrown.ts";
import { loadedConfig } from "./loadedConfig.ts";
import { type ProviderResult, ProviderRuns } from "./providerRuns.ts";

/** Characters kept of an answer; the log has all of it. */
const LONGEST_RESULT = 200_000;

/**
 * Does jobs at the providers that the routing policies of their projects name, each in the best way that is there. What it
 * keeps warm for a job ends with the job.
 */
export function executeJob(place: {
  env: Readonly<Record<string, string | undefined>>;
  log(message: string, error?: unknown): void;
}): ExecuteJob {
  return async (job, { signal, log, note }) => {
    const { env } = place;
    const runs = new ProviderRuns({ projectDir: job.project, env, log: place.log, ...loadedConfig(job.project, env) });
    try {
      const result = await runs.run({
        session: job.task_id,
        provider: job.wanted_provider,
        model: job.wanted_model ?? undefined,
        task: { description: job.prompt, type: job.kind, agent: job.agent ?? undefined, timeout: job.timeout_ms },
        prompt: job.prompt,
        signal,
        log,
        onTarget: (target) => {
          note(target);
          log(`[${target.provider}, ${target.model}]\n`);
        },
      });
      for (const { mode, reason } of result.fallbacks) log(`[${mode} failed: ${reason}]\n`);
      if (result.failure) log(`[${result.failure.kind}: ${result.failure.message}]\n`);
      return outcomeOf(job, result);
    } finally {
      await runs.close().catch((error: unknown) => place.log(`${job.task_id}: ${messageOf(error)}`));
    }
  };
}

function outcomeOf({ task_id }: RunningJob, result: ProviderResult): JobOutcome {
  const { provider, model, session, tokens, exitCode, output, failure } = result;
  const known = { provider, model: model ?? null, session: session ?? null, tokens };
  const more = output.length - LONGEST_RESULT;
  const text = more > 0 ? `${output.slice(0, LONGEST_RESULT)}\n[${more} more characters: job logs ${task_id}]` : output;
  if (failure === undefined) return { ...known, status: "completed", exit_code: 0, result: text, error: null };
  const status = failure.kind === "cancelled" ? "cancelled" : "failed";
  const error = { kind: failure.kind, message: failure.message };
  return { ...known, status, result: text === "" ? null : text, error, exit_code: exitCode || 1 };
}
