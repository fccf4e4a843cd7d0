import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { QUIET_OPENCODE } from "../../adapters/opencode/quietOpencode.ts";
import { findProgram, opencodeVersion } from "../doctor/facts/opencodeProgram.ts";
import type { Io } from "../io.ts";

/**
 * The version of the OpenCode on PATH; undefined where there is none, or it does not run (the doctor says more). It is asked
 * in a home of its own: OpenCode leaves files behind even then, and a look at what an install would do may leave none.
 */
export async function hostVersion(io: Io): Promise<string | undefined> {
  const program = findProgram("opencode", (io.env.PATH ?? "").split(delimiter));
  if (program === undefined) return undefined;
  const home = await mkdtemp(join(tmpdir(), "omq-version-"));
  try {
    const found = await opencodeVersion(program, { PATH: io.env.PATH ?? "", HOME: home, ...QUIET_OPENCODE });
    return "version" in found ? found.version : undefined;
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}
