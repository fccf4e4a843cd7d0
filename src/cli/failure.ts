/** A refusal or failure a command ends with; rendered in one place (program.ts). */
export class CliFailure extends Error {
  readonly exitCode: 1 | 2;
  /** What the person can do about it. */
  readonly next: string | undefined;
  /** Machine-readable findings for `--json`. */
  readonly data: Record<string, unknown>;

  /**
   * @param message what happened and where
   * @param options `exitCode` 1 (refused or failed, the default) or 2 (wrong usage)
   */
  constructor(message: string, options: { exitCode?: 1 | 2; next?: string; data?: Record<string, unknown> } = {}) {
    super(message);
    this.name = "CliFailure";
    this.exitCode = options.exitCode ?? 1;
    this.next = options.next;
    this.data = options.data ?? {};
  }
}
