import { aboutWords, type JobOffer, jobLines, offerOf, startedText } from "../../core/jobs/chatJob.ts";
import { endText, jobTitle } from "../../core/jobs/notice.ts";
import { isEnded, type JobRecord } from "../../core/jobs/record.ts";
import type { ChatWaits, FoundWait } from "../../ports/chatWaits.ts";
import { JobStoreError } from "../../ports/jobEngine.ts";
import { TimeLimit } from "../../ports/timeLimit.ts";
import { ChatWakes, type WakeServices } from "./chatWakes.ts";
import type { JobDesk } from "./jobDesk.ts";

export interface ChatJobServices extends WakeServices {
  /** Opened with the first job. */
  desk(): Promise<JobDesk>;
  waits: ChatWaits;
  /** Absolute path. */
  project: string;
  /** `jobs.between`, and whether a chat is told of an end. */
  between: JobOffer;
  /** How long a call waits for work that was thought to be short (ms). */
  patienceMs: number;
  wakes: boolean;
}

/** A job that a chat asks for. */
export interface ChatWish {
  task: string;
  agent?: string | undefined;
  session: string;
  /** The agent that the chat speaks with. */
  speaker?: string | undefined;
}

/** What the host gives a model's call. */
export interface ChatCall {
  signal: AbortSignal;
  title(text: string): void;
  /** Asks the person; false where they say no. */
  ask(question: string): Promise<boolean>;
}

const LISTED = 10;
const SAID_NO =
  "The person does not want it in the background. Do it here, or ask them what they want. Nothing was started.";

/** Jobs that chats ask for: started by estimate, looked at, and told of when they end, also after a restart, once. */
export class ChatJobs {
  private readonly services: ChatJobServices;
  private readonly stop = new AbortController();
  private readonly chats: ChatWakes;
  private opened: Promise<JobDesk> | undefined;

  constructor(services: ChatJobServices) {
    this.services = services;
    this.chats = new ChatWakes(services);
  }

  /** A model's wish: short work is waited for, longer work is the person's or the setting's to decide. @returns for the model */
  async ask(wish: ChatWish, call: ChatCall): Promise<string> {
    return this.safely(async () => {
      const desk = await this.desk();
      const { project: projectDir, between } = this.services;
      const known = await desk.estimate({ prompt: wish.task, agent: wish.agent, project: projectDir });
      const offer = offerOf(known.placement, between);
      const title = jobTitle({ prompt: wish.task });
      if (offer === "ask" && !(await call.ask(`${title} (${aboutWords(known.estimate)})`))) return SAID_NO;
      if (offer !== "foreground") return this.start(wish);
      call.title(title);
      const { task_id: id } = await desk.start(this.wishOf(wish), known.estimate);
      const patience = new TimeLimit(this.services.patienceMs, call.signal);
      const ended = await desk.wait(id, patience.signal).finally(() => patience.clear());
      const place = desk.engine.placeOf(id);
      if (ended && isEnded(ended)) return endText(ended, place);
      if (!call.signal.aborted) {
        await this.expect(wish, id);
        return `It takes longer than thought.\n${startedText(id, known.estimate, place)}`;
      }
      await desk.cancel(id);
      return `${id} was cancelled with the call that waited for it.`;
    });
  }

  /** Starts a job in the background, whose end the chat is told. @returns what whoever asked is told */
  async start(wish: ChatWish): Promise<string> {
    return this.safely(async () => {
      const desk = await this.desk();
      const { estimate } = await desk.estimate({
        prompt: wish.task,
        agent: wish.agent,
        project: this.services.project,
      });
      const job = await desk.start(this.wishOf(wish), estimate);
      await this.expect(wish, job.task_id);
      return startedText(job.task_id, estimate, desk.engine.placeOf(job.task_id));
    });
  }

  /** One job, or the last ones. @param word an id or its last letters */
  async status(word: string | undefined): Promise<string> {
    return this.safely(async () => {
      const desk = await this.desk();
      const { jobs } = await desk.list();
      if (word === undefined || word === "") return jobLines(jobs.slice(-LISTED));
      const found = jobs.filter(({ task_id: id }) => id === word || id.endsWith(word));
      const [job] = found;
      if (job === undefined || found.length > 1)
        return `No job is called ${word}. The last ones:\n${jobLines(jobs.slice(-LISTED))}`;
      return statusText(job, desk.engine.placeOf(job.task_id));
    });
  }

  /** What chats of this project wait for since before OpenCode began. */
  async takeUp(): Promise<void> {
    for (const wait of await this.services.waits.takeOver(this.services.project)) this.follow(wait);
  }

  /** Chats are told by the next process. */
  async close(): Promise<void> {
    this.stop.abort();
    const desk = await this.opened?.catch(() => undefined);
    await desk?.close();
  }

  private wishOf({ task, agent, session }: ChatWish) {
    return { prompt: task, agent, session, project: this.services.project, via: "opencode" } as const;
  }

  private desk(): Promise<JobDesk> {
    this.opened ??= this.services.desk();
    return this.opened;
  }

  /** The chat is told of the end, by this process or the next. */
  private async expect({ session, speaker: agent }: ChatWish, task_id: string): Promise<void> {
    if (!this.services.wakes) return;
    const wait = { task_id, session, agent, project: this.services.project };
    await this.services.waits.add(wait);
    this.follow({ ...wait, begun: "no" });
  }

  private follow(wait: FoundWait): void {
    const { log, waits } = this.services;
    const { task_id: id } = wait;
    const tell = async () => {
      const desk = await this.desk();
      const job = await desk.wait(id, this.stop.signal);
      if (this.stop.signal.aborted) return;
      if (job && isEnded(job)) return this.chats.tell(wait, job, desk.engine.placeOf(id), this.stop.signal);
      // One that is forgotten has nothing to tell.
      if (await waits.claim(id)) await waits.told(id);
    };
    tell().catch((error: unknown) => {
      if (!this.stop.signal.aborted) log(`the chat that waits for ${wait.task_id} was not told`, error);
    });
  }

  private async safely(work: () => Promise<string>): Promise<string> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof JobStoreError)) throw error;
      return `${error.message} ${error.next}`;
    }
  }
}

function statusText(job: JobRecord, place: string): string {
  return isEnded(job) ? endText(job, place) : `${job.task_id} (${jobTitle(job)}): ${job.status}.\nResult: ${place}`;
}
