import { join } from "node:path";
import { z } from "zod";
import { stateHome } from "./stateHome.ts";

/** Name of an install's record, in the folder that keeps what it replaced. */
export const INSTALL_RECORD = "install.json";

/** What is asked of a record here; `install` itself reads all of it. */
const record = z.looseObject({ model: z.string().regex(/^\S+$/u) });

/** Where the plugin was installed for, and so where its record lies. */
export interface InstalledFor {
  projectDir: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** The machine-wide configuration's directory. */
  managedDir: string;
  /** Text of a file, undefined where there is none. */
  readFile: (path: string) => string | undefined;
}

/**
 * The model that `install` told the plugin of, as OpenCode's `provider/model`: the project's install counts before the
 * person's, and that before the machine's. Always of the provider `install` made, so that a record in a repository cannot
 * put another host in the house's place.
 *
 * @returns undefined where nothing is installed, or the record cannot be read: the configuration's own model holds then
 */
export function installedModel(place: InstalledFor): { model: string; source: string } | undefined {
  const folders = [
    ...(place.projectDir === undefined ? [] : [join(place.projectDir, ".aegis", "backup")]),
    join(stateHome(place.env, place.home), "backup"),
    join(place.managedDir, "backup"),
  ];
  for (const folder of folders) {
    const source = join(folder, INSTALL_RECORD);
    const model = modelIn(source, place.readFile);
    if (model !== undefined) return { model: `aegis/${model}`, source };
  }
  return undefined;
}

function modelIn(source: string, readFile: InstalledFor["readFile"]): string | undefined {
  try {
    return record.safeParse(JSON.parse(readFile(source) ?? "null")).data?.model;
  } catch {
    // Damaged or not ours to read: `install` and `doctor` say so; a setting that is missing is no reason to stop here.
    return undefined;
  }
}
