import type { QueuedJob } from "../../core/jobs/record.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { estimateWords } from "./view.ts";

/** What a person hears who started a job: its id, about how long, where the result will be, and how to look. */
export function tellStarted(io: Io, { task_id: id, estimate }: QueuedJob, place: string): void {
  const about = estimate === null ? "?" : estimateWords(io, estimate);
  io.stdout.write(`${say(io.lang, "job.start.started", { id, estimate: about })}\n`);
  io.stdout.write(`${say(io.lang, "job.start.result", { place })}\n`);
  io.stdout.write(`${say(io.lang, "job.start.commands", { id })}\n`);
}
