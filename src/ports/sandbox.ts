/** Who runs a command. Decides what may be written and whether the network is there. */
export type SandboxRole = "commander" | "worker" | "scout" | "librarian" | "qa";

export interface SandboxSpec {
  role: SandboxRole;
  /** Absolute path of the project (git worktree root). */
  projectDir: string;
  /** Globs, relative to projectDir, that may be written. Commander and qa: `["**"]`. Scout, Librarian: `[]`. */
  scope: readonly string[];
  /** Scopes of other live sessions: read-only although the scope covers them, and new files there are left alone by
   * `settle`. Give them to Workers too, whose scopes share a directory (`src/*.ts` beside `src/*.css`). */
  except?: readonly string[];
  /** A Worker's own tree: what the session sees at `projectDir`, with the project's ignored entries (`shown`, relative to
   * it) read-only in it. Scope and settling are about this tree; the project's own files are out of reach. */
  worktree?: { dir: string; shown: readonly { path: string; isDirectory: boolean }[] };
  /** Where the command starts, as the session sees it; where the host starts it without this. */
  cwd?: string;
  /** Variables set inside. Nothing outside sees them: `BASH_ENV` or `PATH` would lead the wrapper itself astray. */
  env?: Readonly<Record<string, string>>;
  /** A server that runs as long as its parent: no limit on its time. */
  lasting?: boolean;
  /** Names the private build and cache directories; one id, one private copy. */
  privateId: string;
}

/** What one bash call of a session needs: set before the call, cleaned after it. */
export interface PreparedShell {
  /** Environment for the wrapper `scripts/aegis-shell/bash`. Holds only paths and flags, never a model's words. */
  env: Record<string, string>;
  /** Moves files the call created outside the scope out of the project, puts replaced links back; returns their
   * project-relative paths. Idempotent. Ends the call's sandbox description: the same env runs nothing afterwards. */
  settle(): Promise<readonly string[]>;
}

export interface SandboxRun {
  exitCode: number | undefined;
  /** Last 50,000 characters of stdout and stderr, interleaved as they came. */
  output: string;
  timedOut: boolean;
  aborted: boolean;
  durationMs: number;
}

export type SandboxProbe =
  | { usable: true; kind: "bubblewrap" | "seatbelt" | "off"; version: string }
  | { usable: false; reason: string; mend: string };

/** Kernel-enforced limits around a command. Fails closed: a call that cannot be sandboxed does not run. */
export interface Sandbox {
  probe(): Promise<SandboxProbe>;
  prepare(spec: SandboxSpec): Promise<PreparedShell>;
  /** Runs `command` (argv, or one string for `bash -c`) inside the sandbox in `cwd`; kills the process group on timeout or abort. */
  run(
    spec: SandboxSpec,
    command: string | readonly string[],
    options: {
      cwd: string;
      timeoutMs: number;
      env?: Record<string, string>;
      stdin?: string;
      signal?: AbortSignal;
      /** Extra directories bound over the root: host path -> path inside, read-only unless `write`. */
      binds?: readonly { from: string; to: string; write?: boolean }[];
    },
  ): Promise<SandboxRun>;
  /** Ends every call of this `privateId` that runs, with all it started, and lets none that was prepared begin. Resolves when
   * nothing of them writes any more; where there is no sandbox, the host's own end of its shell has to do. */
  end(privateId: string): Promise<void>;
  /** Removes what calls left outside the project (private copies, what was taken back). The object is not used afterwards. */
  dispose(): Promise<void>;
}
