import type { EndedJob } from "../core/jobs/record.ts";

/** One way of telling people that a job ended. */
export interface JobNotifier {
  /** For messages. */
  readonly name: string;
  /** @throws where nobody could be told; whoever calls it notes that, and the job stays as it is */
  tell(job: EndedJob): Promise<void>;
}
