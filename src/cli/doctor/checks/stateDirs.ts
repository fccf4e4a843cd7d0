import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stateHome } from "../../../config/stateHome.ts";
import { homeOf } from "../../config/load.ts";
import { type Check, type CheckContext, type Finding, fail, ok, skip } from "../check.ts";
import { reasonOf } from "../reasonOf.ts";

/** Writes and removes a file where state is kept; leaves no directory behind that was not there. */
export function tryStateDir(say: CheckContext["say"], dir: string): Finding {
  let made: string | undefined;
  try {
    made = mkdirSync(dir, { recursive: true });
    const probe = join(dir, `.doctor-${process.pid}`);
    writeFileSync(probe, "probe\n");
    rmSync(probe);
    return ok(dir);
  } catch (error) {
    return fail(`${dir}: ${reasonOf(error)}`, say("doctor.mend.state", { parent: dirname(dir) }));
  } finally {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  }
}

export const checkStateUser: Check = {
  name: "state-user",
  group: "machine",
  run: ({ io, say }) => tryStateDir(say, stateHome(io.env, homeOf(io))),
};

export const checkStateProject: Check = {
  name: "state-project",
  group: "project",
  needs: ["git"],
  run: async ({ say, facts }) => {
    const root = await facts.projectDir();
    return root === undefined ? skip(say("doctor.seen.noProject")) : tryStateDir(say, join(root, ".aegis"));
  },
};
