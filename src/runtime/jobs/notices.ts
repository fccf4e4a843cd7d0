import type { EndedJob } from "../../core/jobs/record.ts";
import type { JobNotifier } from "../../ports/jobNotifier.ts";

/** Tells everybody that a job ended, all ways at once. A way that fails is noted, and changes nothing. */
export class JobNotices {
  private readonly open = new Set<Promise<void>>();
  private readonly notifiers: readonly JobNotifier[];
  private readonly log: (message: string, error?: unknown) => void;

  constructor(notifiers: readonly JobNotifier[], log: (message: string, error?: unknown) => void) {
    this.notifiers = notifiers;
    this.log = log;
  }

  /** Comes back at once: a webhook that is away for a minute holds no runner. */
  tell(job: EndedJob): void {
    for (const { name, tell } of this.notifiers) {
      const told: Promise<void> = tell(job)
        .catch((error: unknown) => this.log(`${job.task_id}: nobody was told of its end by ${name}`, error))
        .finally(() => this.open.delete(told));
      this.open.add(told);
    }
  }

  /** Until everybody was told, or could not be. */
  async settled(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
  }
}
