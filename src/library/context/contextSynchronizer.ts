import { EventEmitter } from "node:events";
import { type FSWatcher, mkdirSync, watch } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { leaveForOpenCode, readContext, writeContext } from "../../adapters/context/handoffFiles.ts";
import { makeStateDir } from "../../adapters/log/stateDir.ts";
import { type PartialContext, type TaskContext, taskContextSchema } from "../../core/context/taskContext.ts";
import { messageOf } from "../../ports/thrown.ts";
import { buildContext } from "./buildContext.ts";

export interface SynchronizerOptions {
  /** The project's state directory (`/project/.aegis`): a copy of every context is in its `handoff`. */
  localPath: string;
  /** `opencode://context`, `opencode://session/<id>`, or a directory that the other side reads and writes as well. */
  remotePath: string;
}

type Remote = { kind: "directory"; dir: string } | { kind: "opencode"; session: string | undefined };

/** Changes that come together are one (ms). */
const TOGETHER_MS = 100;

/**
 * Keeps a context the same in two places. Pushing to OpenCode hands it to the session that is written to next in this
 * project; pulling reads what OpenCode's plugin noted of its sessions. While somebody listens to `contextChanged` the remote
 * is watched; `close` ends that, and no process is kept alive by it.
 */
export class ContextSynchronizer extends EventEmitter<{ contextChanged: [TaskContext] }> {
  private readonly localDir: string;
  private readonly stateDir: string;
  private readonly projectPath: string;
  private readonly remote: Remote;
  private known: string | undefined;
  private watcher: FSWatcher | undefined;
  private soon: NodeJS.Timeout | undefined;

  /** @throws RangeError for a remote that is neither OpenCode nor a directory */
  constructor({ localPath, remotePath }: SynchronizerOptions) {
    super();
    const local = resolve(localPath);
    this.localDir = join(local, "handoff");
    this.projectPath = dirname(local);
    this.stateDir = join(this.projectPath, ".aegis");
    this.remote = remoteOf(remotePath);
    (this as EventEmitter).on("newListener", (event) => {
      if (event === "contextChanged") this.follow();
    });
  }

  /** Writes a context to both places, without secrets. @throws TypeError where it is no context; Error where it cannot be written */
  async pushContext(context: PartialContext): Promise<void> {
    const read = taskContextSchema.safeParse(context);
    if (!read.success) {
      const issue = read.error.issues[0];
      throw new TypeError(
        `This is no context of buildContext (${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not as expected"}).`,
      );
    }
    const { meta } = read.data;
    const full = { ...read.data, meta: { ...meta, projectPath: meta.projectPath || this.projectPath } };
    this.known = keyOf(full);
    writeContext(this.localDir, full);
    if (this.remote.kind === "directory") writeContext(this.remote.dir, full);
    else {
      makeStateDir(this.stateDir);
      leaveForOpenCode(join(this.stateDir, "handoff"), full, this.remote.session);
    }
  }

  /**
   * The other side's context; undefined where it has none. What is new is kept locally and told.
   *
   * @throws Error where a file is there and is not ours
   */
  async pullContext(): Promise<TaskContext | undefined> {
    const context =
      this.remote.kind === "directory"
        ? readContext(this.remote.dir)
        : buildContext({ projectPath: this.projectPath, sessionId: this.remote.session });
    if (!context) return undefined;
    const key = keyOf(context);
    if (key === this.known) return context;
    this.known = key;
    writeContext(this.localDir, context);
    this.emit("contextChanged", context);
    return context;
  }

  /** Tells nothing any more. */
  close(): void {
    clearTimeout(this.soon);
    this.watcher?.close();
    this.watcher = undefined;
    this.removeAllListeners();
  }

  private follow(): void {
    if (this.watcher) return;
    const dir = this.remote.kind === "directory" ? this.remote.dir : join(this.stateDir, "sessions");
    mkdirSync(dir, { recursive: true });
    this.watcher = watch(dir, { persistent: false }, () => {
      this.soon ??= setTimeout(() => {
        this.soon = undefined;
        this.pullContext().catch((error: unknown) => process.emitWarning(messageOf(error)));
      }, TOGETHER_MS).unref();
    });
  }
}

function remoteOf(path: string): Remote {
  if (path === "opencode://context") return { kind: "opencode", session: undefined };
  const session = /^opencode:\/\/session\/([\w-]+)$/.exec(path)?.[1];
  if (session !== undefined) return { kind: "opencode", session };
  if (path === "" || /^[a-z][a-z\d+.-]*:\/\//i.test(path))
    throw new RangeError(`"${path}" is no remote: use opencode://context, opencode://session/<id> or a directory.`);
  return { kind: "directory", dir: resolve(path) };
}

/** What tells two contexts apart: not when they were built. */
function keyOf({ meta, ...rest }: TaskContext): string {
  return JSON.stringify({ ...rest, meta: { ...meta, buildTime: "" } });
}
