import { readTextFile } from "../../../adapters/readTextFile.ts";
import { parseDocument } from "../../../config/document.ts";
import { wordProblem } from "../../config/load.ts";
import { renamedAgents } from "../../install/existingAgents.ts";
import { readPresent } from "../../install/readPresent.ts";
import { type Check, fail, ok, skip, warn } from "../check.ts";
import { allPlaces } from "../facts/installed.ts";

/** The product's own configuration: every finding with file, line and column. */
export const checkConfig: Check = {
  name: "config",
  group: "project",
  run: async ({ io, say, facts }) => {
    const read = await facts.config();
    if (!read.ok)
      return fail(read.problems.map((problem) => wordProblem(io, problem)).join("; "), say("doctor.mend.config"));
    if (read.warnings.length > 0)
      return warn(
        read.warnings.map((problem) => wordProblem(io, problem)).join("; "),
        say("doctor.mend.config.warnings"),
      );
    return ok(read.files.join(", ") || say("config.defaultsOnly"));
  },
};

/** OpenCode's own files, each parsed here for the place of an error, and then by OpenCode itself. */
export const checkOpencodeConfig: Check = {
  name: "opencode-config",
  group: "opencode",
  needs: ["opencode"],
  run: async ({ io, say, facts }) => {
    const files = allPlaces(io, await facts.projectDir()).flatMap((places) => [...places.candidates]);
    const broken: string[] = [];
    const found: string[] = [];
    for (const file of new Set(files)) {
      const text = readTextFile(file);
      if (text === undefined || text.trim() === "") continue;
      found.push(file);
      const parsed = parseDocument(file, text);
      if (!parsed.ok) broken.push(...parsed.problems.map((problem) => wordProblem(io, problem)));
    }
    if (broken.length > 0) return fail(broken.join("; "), say("doctor.mend.opencodeConfig"));
    const merged = await facts.merged();
    if (typeof merged === "string") return fail(merged, say("doctor.mend.opencodeConfig"));
    return ok(found.join(", ") || say("doctor.seen.opencodeConfig.none"));
  },
};

/** A person's own agent of the same name would overwrite ours, or ours theirs. */
export const checkAgentNames: Check = {
  name: "agent-names",
  group: "opencode",
  needs: ["config", "opencode-config"],
  run: async ({ io, say, facts }) => {
    const read = await facts.config();
    if (!read.ok) return skip(say("doctor.seen.noConfig"));
    const places = allPlaces(io, await facts.projectDir());
    const configs = places.flatMap((place) => readPresent(io, place).configs);
    const taken = Object.keys(renamedAgents(configs, [...new Set(places.flatMap((place) => place.agentDirs))]));
    const ours = Object.values(read.config.agents);
    const clash = taken.filter((name) => ours.includes(name));
    if (clash.length > 0)
      return fail(say("doctor.seen.agentNames", { names: clash.join(", ") }), say("doctor.mend.agentNames"));
    return ok(ours.join(", "));
  },
};
