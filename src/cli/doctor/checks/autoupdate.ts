import { readTextFile } from "../../../adapters/readTextFile.ts";
import { parseDocument } from "../../../config/document.ts";
import { type Check, ok, warn } from "../check.ts";
import { allPlaces } from "../facts/installed.ts";

const isOn = (value: string | undefined): boolean => /^(1|true)$/i.test(value ?? "");

/** OpenCode reads `autoupdate` from the user's and the machine's files only. */
export const checkAutoupdate: Check = {
  name: "autoupdate",
  group: "opencode",
  needs: ["opencode-config"],
  run: async ({ io, say, facts }) => {
    if (isOn(io.env.OPENCODE_DISABLE_AUTOUPDATE)) return ok("OPENCODE_DISABLE_AUTOUPDATE");
    const places = allPlaces(io, await facts.projectDir()).filter(({ scope }) => scope !== "project");
    for (const file of places.flatMap(({ candidates }) => [...candidates].reverse())) {
      const text = readTextFile(file);
      const parsed = text === undefined ? undefined : parseDocument(file, text);
      const value: unknown = parsed?.ok ? Reflect.get(Object(parsed.document.value), "autoupdate") : undefined;
      if (value === false) return ok(file);
      if (value !== undefined) break;
    }
    return warn(say("doctor.seen.autoupdate"), say("doctor.mend.installGlobal"));
  },
};
