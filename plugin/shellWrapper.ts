import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The wrappers beside the bundle: `dist/plugin.js` and `scripts/aegis-shell/*` ship in one package. */
const DIRECTORY = fileURLToPath(new URL("../scripts/aegis-shell/", import.meta.url));

/** The wrapper the sandbox runs commands through. */
export const SHELL_WRAPPER = path.join(DIRECTORY, "bash");

/**
 * The wrapper OpenCode is given as its shell: under the name of the shell it would use itself, because that name is part
 * of every agent's tool description.
 * @param shell the person's shell, from the configuration or the environment; bash where there is none or no wrapper of its name.
 */
export function wrapperFor(shell: string | undefined): string {
  const named = path.join(DIRECTORY, path.basename(shell ?? "bash"));
  return existsSync(named) ? named : SHELL_WRAPPER;
}
