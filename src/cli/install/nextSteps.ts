import { relative } from "node:path";
import type { Io } from "../io.ts";

/** What the steps after an install depend on. */
export interface Installed {
  envFile: string;
  /** The variable that holds the server's key, where one is used. */
  keyName: string | undefined;
  /** What our Commander is called here. */
  commander: string;
}

/** The shell lines that lead from an install to the first word to the Commander, as a person types them where they stand. */
export function nextSteps({ cwd, env }: Pick<Io, "cwd" | "env">, { envFile, keyName, commander }: Installed): string[] {
  const near = relative(cwd, envFile);
  const path = near.startsWith("..") ? envFile : near;
  const shown = /^[\w@%+=:,./-]+$/u.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return [
    // A key that this shell has is not overwritten by a line that was copied.
    ...(keyName === undefined || env[keyName] ? [] : [`export ${keyName}=…`]),
    `. ${shown}`,
    `opencode --agent ${commander}`,
  ];
}
