/** A chat that waits for the end of a job. */
export interface ChatWait {
  task_id: string;
  /** The chat's session. */
  session: string;
  /** The agent that it spoke with; undefined where that is not known. */
  agent?: string | undefined;
  /** Absolute path. */
  project: string;
}

/** Chats that wait for jobs, kept where a crash does not reach them. Each wait belongs to one process at a time. */
export interface ChatWaits {
  /** This process waits from now on. */
  add(wait: ChatWait): Promise<void>;
  /** Waits of a project that nobody cares for any more; they are this process's from now on. */
  takeOver(project: string): Promise<ChatWait[]>;
  /** Ends a wait. True for exactly one of all that try. */
  claim(taskId: string): Promise<boolean>;
}
