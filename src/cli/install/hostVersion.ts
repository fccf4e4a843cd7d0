import { delimiter } from "node:path";
import { QUIET_OPENCODE } from "../../adapters/opencode/quietOpencode.ts";
import { findProgram, opencodeVersion } from "../doctor/facts/opencodeProgram.ts";
import type { Io } from "../io.ts";

/** The version of the OpenCode on PATH; undefined where there is none, or it does not run (the doctor says more). */
export async function hostVersion(io: Io): Promise<string | undefined> {
  const program = findProgram("opencode", (io.env.PATH ?? "").split(delimiter));
  if (program === undefined) return undefined;
  const given = Object.entries(io.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const found = await opencodeVersion(program, { ...Object.fromEntries(given), ...QUIET_OPENCODE });
  return "version" in found ? found.version : undefined;
}
