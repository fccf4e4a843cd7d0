import { messageOf } from "../../ports/thrown.ts";
/** A scope that cannot be made writable safely: it names a link, something protected, or a file where a directory is due. */
export class ScopeNotBindableError extends Error {
  override readonly name = "ScopeNotBindableError";
  readonly glob: string;
  readonly path: string;

  constructor(glob: string, path: string, reason: string, mend: string) {
    super(`The scope \`${glob}\` cannot be opened for writing: ${path} ${reason}. ${mend}`);
    this.glob = glob;
    this.path = path;
  }
}

/** The project directory itself is unusable; nothing runs. */
export class ProjectDirError extends Error {
  override readonly name = "ProjectDirError";

  constructor(projectDir: string, cause: unknown) {
    const reason = messageOf(cause);
    super(
      `The sandbox cannot use the project directory ${projectDir}: ${reason}. Check that it exists and is readable.`,
      { cause },
    );
  }
}
