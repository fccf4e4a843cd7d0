import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { ViewPlaces } from "../../adapters/view/viewReader.ts";
import { stateHome } from "../../config/stateHome.ts";
import type { Io } from "../io.ts";

/**
 * Where the views read for somebody in `cwd`. The repository's root is looked for by hand: asking git would cost a process,
 * half of the time the whole command may take.
 */
export function viewPlaces({ cwd, env }: Pick<Io, "cwd" | "env">): ViewPlaces {
  const root = rootAbove(cwd);
  return {
    stateDir: root === undefined ? undefined : join(root, ".aegis"),
    stateHome: stateHome(env, env.HOME || homedir()),
  };
}

function rootAbove(from: string): string | undefined {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(join(dir, ".git"))) return dir;
    if (dirname(dir) === dir) return undefined;
  }
}
