import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TASK_ID } from "../../core/jobs/taskId.ts";
import type { ChatWait, ChatWaits, FoundWait } from "../../ports/chatWaits.ts";
import { hasCode } from "../../ports/thrown.ts";
import { identityOf, isAlive } from "../processIdentity.ts";

const waitSchema = z.object({
  task_id: z.string().regex(TASK_ID),
  session: z.string().min(1),
  agent: z.string().optional(),
  project: z.string(),
  /** Whether somebody before its owner had begun to tell the chat. */
  begun: z.enum(["no", "gone", "here"]).default("no"),
  owner: z.object({ pid: z.number().int(), started: z.string(), instance: z.string().optional() }),
});
type KeptWait = z.infer<typeof waitSchema>;

/** A wait, one whose chat is being told, and one that changes its owner in this moment. */
const WAITS = /\.json$/;
const TELLING = /\.telling$/;
const TAKEN = /^\.taken-|-[0-9a-f]{16}$/g;

/** `.chats/<task id>.json` in the results directory, a file a wait. Whoever renames it is the one who goes on with it. */
export class ChatWaitFiles implements ChatWaits {
  private readonly dir: string;
  private readonly log: (message: string, error?: unknown) => void;
  /** A process may have had instances before this one: OpenCode begins a new one when its configuration changes. */
  private readonly instance = randomBytes(8).toString("hex");

  constructor(jobsRoot: string, log: (message: string, error?: unknown) => void) {
    this.dir = join(jobsRoot, ".chats");
    this.log = log;
  }

  async add(wait: ChatWait): Promise<void> {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    renameSync(this.written(wait, "no"), this.file(wait.task_id));
  }

  async takeOver(project: string): Promise<FoundWait[]> {
    const found: FoundWait[] = [];
    for (const name of this.names()) {
      const kept = this.read(join(this.dir, name));
      if (kept?.project !== project || this.isCaredFor(kept)) continue;
      const { owner, begun: before, ...wait } = kept;
      const told = TELLING.test(name) || name.startsWith(".taken-");
      const begun = !told ? before : owner.pid === process.pid ? "here" : "gone";
      // One of several that begin at once moves it away, and so is the one that has it.
      const taken = join(this.dir, `.taken-${wait.task_id}-${randomBytes(8).toString("hex")}`);
      if (!moved(join(this.dir, name), taken)) continue;
      renameSync(this.written(wait, begun), taken);
      if (moved(taken, this.file(wait.task_id))) found.push({ ...wait, begun });
    }
    return found;
  }

  async claim(taskId: string): Promise<boolean> {
    return moved(this.file(taskId), this.file(taskId, "telling"));
  }

  async told(taskId: string): Promise<void> {
    rmSync(this.file(taskId, "telling"), { force: true });
  }

  private isCaredFor({ owner }: KeptWait): boolean {
    if (owner.pid === process.pid) return owner.instance === this.instance;
    return isAlive(owner);
  }

  /** A draft of what is kept of a wait that is this instance's. @returns its path */
  private written(wait: ChatWait, begun: FoundWait["begun"]): string {
    const owner = { ...identityOf(process.pid), instance: this.instance };
    const draft = join(this.dir, `.new-${randomBytes(8).toString("hex")}`);
    writeFileSync(draft, JSON.stringify({ ...wait, begun, owner }), { mode: 0o600 });
    return draft;
  }

  private file(taskId: string, kind: "json" | "telling" = "json"): string {
    if (!TASK_ID.test(taskId)) throw new RangeError(`"${taskId}" is no task id.`);
    return join(this.dir, `${taskId}.${kind}`);
  }

  private names(): string[] {
    try {
      return readdirSync(this.dir).filter((name) =>
        TASK_ID.test(name.replace(WAITS, "").replace(TELLING, "").replaceAll(TAKEN, "")),
      );
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  }

  private read(file: string): KeptWait | undefined {
    try {
      return waitSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    } catch (error) {
      // Gone meanwhile: another process has told the chat.
      if (!hasCode(error, "ENOENT")) this.log(`${file} is no wait of a chat and is passed over`, error);
      return undefined;
    }
  }
}

/** Moves a file. @returns false where somebody else has moved or removed it before */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
