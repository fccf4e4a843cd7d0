import type { Config } from "../../config/schema.ts";
import type { JobRecord } from "../../core/jobs/record.ts";
import { TASK_ID } from "../../core/jobs/taskId.ts";
import type { JobRefusal } from "../../core/jobs/transitions.ts";
import { type JobPlace, openJobs } from "../../jobDesk.ts";
import { type DamagedJob, JobStoreError } from "../../ports/jobEngine.ts";
import { messageOf } from "../../ports/thrown.ts";
import type { JobDesk } from "../../runtime/jobs/jobDesk.ts";
import { homeOf, soundConfig } from "../config/load.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** What jobs need of this process; their notes go to stderr. */
export function jobPlace(io: Io): JobPlace {
  return {
    env: io.env,
    home: homeOf(io),
    log: (message, error) =>
      void io.stderr.write(`${error === undefined ? message : `${message}: ${messageOf(error)}`}\n`),
  };
}

/** Opens the jobs as configured, and closes them after. @throws CliFailure where they cannot be used */
export async function withJobs<T>(io: Io, use: (desk: JobDesk, config: Config) => Promise<T>): Promise<T> {
  const { config } = await soundConfig(io);
  return storeFailures(io, async () => {
    const desk = await openJobs(config, jobPlace(io));
    try {
      return await use(desk, config);
    } finally {
      await desk.close();
    }
  });
}

/** What goes wrong with the store becomes a failure with what to do, in the person's language. */
export async function storeFailures<T>(io: Io, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof JobStoreError)) throw error;
    const next = say(io.lang, `job.store.${error.kind}`);
    throw new CliFailure(wordStoreError(io, error), { next, data: { reason: error.kind } });
  }
}

function wordStoreError(io: Io, { kind, place, reason }: JobStoreError): string {
  if (kind === "unwritable" && reason === undefined) return say(io.lang, "job.store.busy.what", { place });
  return say(io.lang, `job.store.${kind}.what`, { place, reason: reason ?? "" });
}

/** The whole id that a person means by an id or its last letters. @throws CliFailure where that is none or several */
export async function idOf(io: Io, desk: JobDesk, word: string): Promise<string> {
  if (TASK_ID.test(word)) return word;
  const { jobs } = await desk.list();
  const ids = jobs.map(({ task_id }) => task_id).filter((id) => id.endsWith(`-${word}`) || id.endsWith(word));
  const [id] = ids;
  if (id === undefined) throw unknownJob(io, word);
  if (ids.length === 1) return id;
  throw new CliFailure(say(io.lang, "job.ambiguous", { id: word, ids: ids.slice(0, 5).join(", ") }), {
    exitCode: 2,
    next: say(io.lang, "job.ambiguous.next"),
    data: { ids },
  });
}

export function unknownJob(io: Io, id: string): CliFailure {
  return new CliFailure(say(io.lang, "job.unknown", { id }), {
    next: say(io.lang, "job.unknown.next"),
    data: { task_id: id },
  });
}

/** What was asked for, or why it is not to be. @throws CliFailure */
export function answered<T extends JobRecord>(
  io: Io,
  id: string,
  answer: { ok: true; job: T } | { ok: false; refusal: JobRefusal } | undefined,
): T {
  if (answer === undefined) throw unknownJob(io, id);
  if (answer.ok) return answer.job;
  const data = { task_id: id, refusal: answer.refusal };
  if (answer.refusal === "ended") throw new CliFailure(say(io.lang, "job.refused.ended", { id }), { data });
  throw new CliFailure(say(io.lang, "job.refused.unended", { id }), {
    next: say(io.lang, "job.refused.unended.next", { id }),
    data,
  });
}

/** Names what cannot be read, on stderr. */
export function tellDamaged(io: Io, damaged: readonly DamagedJob[]): void {
  for (const { place, reason, recovered } of damaged) {
    const text = say(io.lang, recovered ? "job.damaged.recovered" : "job.damaged", { place, reason });
    io.stderr.write(`${paint(io, "yellow", say(io.lang, "warning"))} ${text}\n`);
  }
}
