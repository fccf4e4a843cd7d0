import { randomUUID } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import type { Inbox, InboxMessage } from "../../ports/inbox.ts";
import { inboxMessageSchema } from "../../ports/inbox.ts";
import { hasCode } from "../../ports/thrown.ts";

/** How often the directory is looked at beside its notices (ms). */
const LOOK_AGAIN_MS = 1_000;

type CarryOut = Parameters<Inbox["receive"]>[0];
type Report = Parameters<Inbox["receive"]>[1];

/** The inbox as `<stateDir>/inbox/<time>-<id>.json`, one file a message. */
export class FileInbox implements Inbox {
  private readonly dir: string;

  /** @param stateDir the project's `.aegis` directory. */
  constructor(stateDir: string) {
    this.dir = join(stateDir, "inbox");
  }

  async send(message: InboxMessage): Promise<string> {
    await mkdir(this.dir, { recursive: true });
    const name = `${message.at}-${randomUUID()}.json`;
    await writeFileAtomic(join(this.dir, name), `${JSON.stringify(inboxMessageSchema.parse(message))}\n`);
    return name;
  }

  async withdraw(name: string): Promise<boolean> {
    try {
      await rm(join(this.dir, name));
      return true;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
  }

  async receive(carryOut: CarryOut, report: Report): Promise<() => void> {
    // What stands in the way (a file of this name, a full disk) may go; until then there is nothing to read.
    await mkdir(this.dir, { recursive: true }).catch((error: unknown) => report(`${this.dir} cannot be made`, error));
    let queue: Promise<unknown> = Promise.resolve();
    let unreadable = false;
    const look = () => {
      queue = queue
        .then(() => this.takeAll(carryOut, report))
        .then(() => {
          unreadable = false;
        })
        .catch((error: unknown) => {
          // Said once, not every second.
          if (!unreadable) report(`${this.dir} cannot be read`, error);
          unreadable = true;
        });
    };
    const watcher = this.watch(look, report);
    look();
    // The host's runtime was seen to lose a notice under load: an unread abort is worse than a look every second. It finds
    // what comes after somebody removed the directory, too, and where nothing can be watched.
    const again = setInterval(look, LOOK_AGAIN_MS);
    again.unref();
    return () => {
      clearInterval(again);
      watcher?.close();
    };
  }

  /** Not persistent: waiting for a message must not keep a process alive that has nothing else to do. */
  private watch(look: () => void, report: Report): FSWatcher | undefined {
    try {
      const watcher = watch(this.dir, { persistent: false }, look);
      watcher.on("error", (error) => report(`${this.dir} cannot be watched`, error));
      return watcher;
    } catch (error) {
      report(`${this.dir} cannot be watched; it is looked at every second`, error);
      return undefined;
    }
  }

  private async takeAll(carryOut: CarryOut, report: Report): Promise<void> {
    const found = await readdir(this.dir).catch((error: unknown) => {
      // Removed by somebody: the next message makes it again.
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    });
    const names = found.filter((name) => name.endsWith(".json")).sort();
    for (const name of names) {
      const file = join(this.dir, name);
      try {
        const message = await this.read(file);
        if (message === "gone") continue;
        if (message === "unreadable") {
          await rename(file, `${file}.rejected`);
          report(`${file} is no message of oh-my-qwencoder; it was renamed to ${name}.rejected`);
        } else if ((await carryOut(message)) === "done") await rm(file, { force: true });
      } catch (error) {
        report(`${file} could not be carried out`, error);
      }
    }
  }

  private async read(file: string): Promise<InboxMessage | "gone" | "unreadable"> {
    try {
      return inboxMessageSchema.parse(JSON.parse(await readFile(file, "utf8")));
    } catch (error) {
      // Withdrawn, or taken by another process, since the directory was listed.
      if (hasCode(error, "ENOENT")) return "gone";
      if (error instanceof SyntaxError || error instanceof z.ZodError) return "unreadable";
      throw error;
    }
  }
}
