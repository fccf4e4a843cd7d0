import { homedir } from "node:os";
import { readTextFile } from "../adapters/readTextFile.ts";
import { renderProblem } from "../config/problem.ts";
import { readConfig } from "../config/read.ts";
import type { Config } from "../config/schema.ts";

/** A configuration that cannot be used: nothing falls back to defaults. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/** The configuration as it counts in a project, and this user's home. @throws ConfigurationError */
export function loadedConfig(
  projectDir: string,
  env: Readonly<Record<string, string | undefined>>,
): { config: Config; home: string } {
  const home = env.HOME || homedir();
  const read = readConfig({ projectDir, env, home, readFile: readTextFile });
  if (!read.ok)
    throw new ConfigurationError(
      `The configuration cannot be used; mend it first.\n${read.problems.map(renderProblem).join("\n")}`,
    );
  return { config: read.config, home };
}
