import { jobTitle, timeWords } from "./notice.ts";
import type { JobPlacement } from "./placement.ts";
import type { JobEstimate, JobRecord } from "./record.ts";

/** What is done with a job that a model asks for: wait for it, ask the person first, or start it and go on. */
export type JobOffer = "foreground" | "ask" | "background";

/** Above the upper threshold the background is the default, and a person can say no. @param between `jobs.between` */
export function offerOf(placement: JobPlacement, between: JobOffer): JobOffer {
  if (placement === "foreground") return "foreground";
  return placement === "background" ? "ask" : between;
}

/** About how long, in words. */
export function aboutWords({ median_ms, p90_ms, from }: JobEstimate): string {
  const basis = from === "history" ? `nine of ten within ${timeWords(p90_ms)}` : "a guess";
  return `about ${timeWords(median_ms)}, ${basis}`;
}

/** What whoever started a job is told. @param place where the result will be */
export function startedText(id: string, estimate: JobEstimate, place: string): string {
  return [
    `${id} runs in the background (${aboutWords(estimate)}).`,
    `Result: ${place}`,
    "This chat is told when it has ended: do not wait for it and do not ask again and again.",
  ].join("\n");
}

/** Jobs, a line each, the newest last. */
export function jobLines(jobs: readonly JobRecord[]): string {
  if (jobs.length === 0) return "No jobs.";
  return jobs.map((job) => `${job.task_id}  ${job.status}  ${jobTitle(job)}`).join("\n");
}
