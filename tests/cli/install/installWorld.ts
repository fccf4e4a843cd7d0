import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { CliFailure } from "../../../src/cli/failure.ts";
import type { InstallOptions } from "../../../src/cli/install/options.ts";
import { type InstallWorld, runInstall } from "../../../src/cli/install/run.ts";
import type { Io } from "../../../src/cli/io.ts";
import { recordIo, type World } from "../io.ts";

/** A configuration file as OpenCode reads it, and whatever comments, commas and marks it has. */
export const read = (path: string) =>
  parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""), [], { allowTrailingComma: true });

/** What a single install may have otherwise than the world says. */
export type More = Partial<InstallWorld> & { io?: Partial<Io> };

/** An install (`--yes`) in a world without a model server; an expected failure is a code and a message. */
export async function install(world: World, options: InstallOptions = {}, more: More = {}) {
  const { io: ioMore, ...overrides } = more;
  const { io, out, err } = recordIo({ env: world.env, cwd: world.project, ...ioMore });
  const probe: InstallWorld["probe"] = () => Promise.resolve({ reachable: false, reason: "not started" });
  let code = 0;
  let message = "";
  try {
    const parts = { etc: join(world.dir, "etc"), probe, hostVersion: () => Promise.resolve("1.18.33") };
    await runInstall(io, { yes: true, ...options }, { ...parts, ...overrides });
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    code = error.exitCode;
    message = `${error.message}\n${error.next ?? ""}`;
  }
  return { code, out: out(), err: err() + message };
}
