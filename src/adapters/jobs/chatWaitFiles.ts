import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TASK_ID } from "../../core/jobs/taskId.ts";
import type { ChatWait, ChatWaits } from "../../ports/chatWaits.ts";
import { hasCode } from "../../ports/thrown.ts";
import { identityOf, isAlive } from "../processIdentity.ts";

const waitSchema = z.object({
  task_id: z.string().regex(TASK_ID),
  session: z.string().min(1),
  agent: z.string().optional(),
  project: z.string(),
  owner: z.object({ pid: z.number().int(), started: z.string() }),
});

/** `.chats/<task id>.json` in the results directory, a file a wait; whoever removes it tells the chat. */
export class ChatWaitFiles implements ChatWaits {
  private readonly dir: string;
  private readonly log: (message: string, error?: unknown) => void;

  constructor(jobsRoot: string, log: (message: string, error?: unknown) => void) {
    this.dir = join(jobsRoot, ".chats");
    this.log = log;
  }

  async add(wait: ChatWait): Promise<void> {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    const owner = identityOf(process.pid);
    const draft = join(this.dir, `.new-${randomBytes(8).toString("hex")}`);
    writeFileSync(draft, JSON.stringify({ ...wait, owner }), { mode: 0o600 });
    renameSync(draft, this.file(wait.task_id));
  }

  async takeOver(project: string): Promise<ChatWait[]> {
    const found: ChatWait[] = [];
    for (const name of this.names()) {
      const wait = this.read(join(this.dir, name));
      if (wait?.project !== project) continue;
      // This process's own are those of an instance before: OpenCode begins a new one when its configuration changes.
      if (wait.owner.pid !== process.pid && isAlive(wait.owner)) continue;
      await this.add(wait);
      found.push(wait);
    }
    return found;
  }

  async claim(taskId: string): Promise<boolean> {
    try {
      unlinkSync(this.file(taskId));
      return true;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
  }

  private file(taskId: string): string {
    if (!TASK_ID.test(taskId)) throw new RangeError(`"${taskId}" is no task id.`);
    return join(this.dir, `${taskId}.json`);
  }

  private names(): string[] {
    try {
      return readdirSync(this.dir).filter((name) => TASK_ID.test(name.replace(/\.json$/, "")));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  }

  private read(file: string): z.infer<typeof waitSchema> | undefined {
    try {
      return waitSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    } catch (error) {
      // Gone meanwhile: another process has told the chat.
      if (!hasCode(error, "ENOENT")) this.log(`${file} is no wait of a chat and is passed over`, error);
      return undefined;
    }
  }
}
