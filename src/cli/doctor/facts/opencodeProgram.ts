import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { hasCode } from "../../../ports/thrown.ts";

/** The first of these folders' programs of that name that can be run. */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch (error) {
        if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) return false;
        throw error;
      }
    });
}

/** What `--version` says. */
export async function opencodeVersion(
  program: string,
  env: Record<string, string>,
): Promise<{ program: string; version: string } | { missing: string; reason: string }> {
  const result = await execa(program, ["--version"], {
    env,
    extendEnv: false,
    reject: false,
    timeout: 30_000,
    stdin: "ignore",
  });
  if (result.failed) return { missing: program, reason: result.shortMessage?.split("\n")[0] ?? "it does not run" };
  return { program, version: result.stdout.trim() };
}
