import type { EndedJob } from "../../core/jobs/record.ts";
import type { JobNotifier } from "../../ports/jobNotifier.ts";

/**
 * Tells everybody that a job ended, all ways at once, and then the store that they were told. A way that fails is noted, and
 * changes nothing.
 */
export class JobNotices {
  private readonly open = new Set<Promise<void>>();
  private readonly notifiers: readonly JobNotifier[];
  private readonly services: { told(job: EndedJob): Promise<void>; log(message: string, error?: unknown): void };

  constructor(notifiers: readonly JobNotifier[], services: JobNotices["services"]) {
    this.notifiers = notifiers;
    this.services = services;
  }

  /** Comes back at once: a webhook that is away for a minute holds no runner. */
  tell(job: EndedJob): void {
    const { log } = this.services;
    const told: Promise<void> = this.tellAll(job)
      .catch((error: unknown) => log(`${job.task_id}: that everybody was told of its end could not be noted`, error))
      .finally(() => this.open.delete(told));
    this.open.add(told);
  }

  /** Until everybody was told, or could not be. */
  async settled(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
  }

  private async tellAll(job: EndedJob): Promise<void> {
    const { told, log } = this.services;
    const all = this.notifiers.map(async ({ name, tell }) => {
      try {
        await tell(job);
      } catch (error) {
        log(`${job.task_id}: nobody was told of its end by ${name}`, error);
      }
    });
    await Promise.all(all);
    await told(job);
  }
}
