import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { HostConfigFinding } from "../../src/core/gate/hostConfig.ts";
import { directoriesUp } from "./repositoryMcp.ts";

/**
 * Tools that the repository brings as programs: OpenCode loads them into its own process, where no gate and no sandbox is,
 * and one that is called like a tool of ours would stand in its place. No configuration names them.
 *
 * @param directory where the host was opened, in `projectDir`; both absolute
 * @throws where such a directory cannot be read: then nothing says what is in it
 */
export function repositoryTools(directory: string, projectDir: string): HostConfigFinding[] {
  return directoriesUp(directory, projectDir).flatMap((dir) =>
    ["tool", "tools"].flatMap((name) => {
      const place = path.join(dir, ".opencode", name);
      const files = existsSync(place) ? readdirSync(place).filter((file) => /\.[jt]s$/u.test(file)) : [];
      return files.map((file) => ({
        fault: "repository-code" as const,
        entry: path.relative(projectDir, path.join(place, file)),
        value: "",
        what: "comes with the repository and runs in OpenCode's own process, past every gate",
        mend: "take it out, or name `plugin` in security.unsandboxed of your own configuration if it is yours",
      }));
    }),
  );
}
