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

/** A wait that an ended process, or an ended instance of this one, has left. */
export interface FoundWait extends ChatWait {
  /** Who had begun to tell the chat: nobody, somebody who can no longer, or somebody in this process whose word may be on its way. */
  begun: "no" | "gone" | "here";
}

/** Chats that wait for jobs, kept where a crash does not reach them. Each wait belongs to one process at a time. */
export interface ChatWaits {
  /** This process waits from now on. */
  add(wait: ChatWait): Promise<void>;
  /** Waits of a project that nobody cares for any more; they are this process's from now on. */
  takeOver(project: string): Promise<FoundWait[]>;
  /** Begins to tell the chat; true for exactly one of all that try. The wait is kept for others until it was told. */
  claim(taskId: string): Promise<boolean>;
  /** Ends a wait that was claimed. */
  told(taskId: string): Promise<void>;
}
