import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { z } from "zod";
import type { Git } from "../src/ports/git.ts";

/** The part of an install's record that says which model server the person named. */
const recordSchema = z.looseObject({ baseUrl: z.string() });

/** Whose machine it is. */
interface Machine {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}

/**
 * Hosts the person named with `install --base-url`, for the project, the user or the machine. A record that the
 * repository itself brings is not the person's word: it is left out.
 *
 * @param projectDir undefined where there is no project
 */
export async function installedHosts(
  projectDir: string | undefined,
  git: Pick<Git, "tracked">,
  { env, home }: Machine = { env: process.env, home: homedir() },
): Promise<string[]> {
  const inProject = ".aegis/backup/install.json";
  const state = env.XDG_STATE_HOME || path.join(home, ".local/state");
  const own = [path.join(state, "oh-my-qwencoder/backup/install.json"), "/etc/oh-my-qwencoder/backup/install.json"];
  const projects = projectDir === undefined ? undefined : path.join(projectDir, inProject);
  const isPersons = projects && existsSync(projects) && (await git.tracked([inProject])).length === 0;
  const trusted = isPersons ? [projects, ...own] : own;
  return trusted.flatMap((file) => {
    if (!existsSync(file)) return [];
    const record = recordSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return record.success && URL.canParse(record.data.baseUrl) ? [new URL(record.data.baseUrl).host] : [];
  });
}
