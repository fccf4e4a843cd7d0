import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { execa } from "execa";
import { configHome } from "../../../config/read.ts";
import { supportsOpencode, TESTED_OPENCODE } from "../../../core/hostVersion.ts";
import { homeOf } from "../../config/load.ts";
import { packageRoot } from "../../packageRoot.ts";
import { type Check, fail, ok, skip, warn } from "../check.ts";
import { pluginEntries } from "../facts/mergedConfig.ts";
import { findProgram } from "../facts/opencodeProgram.ts";

export const checkOpencode: Check = {
  name: "opencode",
  group: "opencode",
  run: async ({ say, facts }) => {
    const found = await facts.opencode();
    const mend = say("doctor.mend.opencode", { version: TESTED_OPENCODE });
    if (!("program" in found)) {
      if (found.missing === undefined) return fail(say("doctor.seen.opencode.missing"), mend);
      return fail(say("doctor.seen.opencode.broken", { program: found.missing, reason: found.reason || "—" }), mend);
    }
    const seen = say("doctor.seen.opencode", { version: found.version, program: found.program });
    return supportsOpencode(found.version)
      ? ok(seen)
      : fail(seen, say("doctor.mend.opencode.version", { version: TESTED_OPENCODE }));
  },
};

/** OpenCode is told of the plugin, once, and the file it is told of is there. */
export const checkPluginEntry: Check = {
  name: "plugin-entry",
  group: "opencode",
  needs: ["opencode-config"],
  run: async ({ say, facts }) => {
    const merged = await facts.merged();
    if (typeof merged === "string") return skip(merged);
    const urls = [...new Set(pluginEntries(merged).map(({ url }) => url))];
    const [url] = urls;
    if (url === undefined) return fail(say("doctor.seen.pluginEntry.none"), say("doctor.mend.install"));
    if (urls.length > 1)
      return fail(
        say("doctor.seen.pluginEntry.twice", { urls: urls.join(", ") }),
        say("doctor.mend.pluginEntry.twice"),
      );
    if (!existsSync(fileURLToPath(url)))
      return fail(say("doctor.seen.pluginEntry.gone", { url }), say("doctor.mend.install"));
    if (url.includes("/_npx/"))
      return warn(say("doctor.seen.pluginEntry.cache", { url }), say("doctor.mend.pluginEntry.cache"));
    const own = pathToFileURL(join(packageRoot().dir, "dist", "plugin.js")).href;
    return ok(url === own ? url : say("doctor.seen.pluginEntry.other", { url }));
  },
};

/** What Node says of a bundle that OpenCode dropped: OpenCode itself says nothing anywhere. */
async function importError(url: string, env: Record<string, string>): Promise<string | undefined> {
  const script = `import(${JSON.stringify(url)}).then(() => process.exit(0), (e) => { console.error(String(e)); process.exit(1); })`;
  const run = await execa(process.execPath, ["-e", script], { env, extendEnv: false, reject: false, timeout: 30_000 });
  return run.exitCode === 0 ? undefined : run.stderr.trim().split("\n")[0];
}

/** A real OpenCode server has our tools: nothing less shows that the plugin was loaded. */
export const checkPluginLoads: Check = {
  name: "plugin-loads",
  group: "opencode",
  needs: ["plugin-entry"],
  run: async ({ say, facts, io }) => {
    const mend = say("doctor.mend.pluginLoads");
    const served = await facts.served();
    if (typeof served === "string") return fail(served, mend);
    if (served.tools.includes("dispatch_workers"))
      return ok(say("doctor.seen.pluginLoads", { seconds: (served.startMs / 1000).toFixed(1) }));
    const merged = await facts.merged();
    const url = typeof merged === "string" ? undefined : pluginEntries(merged)[0]?.url;
    const reason = url === undefined ? undefined : await importError(url, { PATH: io.env.PATH ?? "" });
    return fail(say("doctor.seen.pluginLoads.dropped", { reason: reason ?? "—" }), mend);
  },
};

/** All four roles are there. */
export const checkAgents: Check = {
  name: "agents",
  group: "opencode",
  needs: ["config", "plugin-loads"],
  run: async ({ say, facts }) => {
    const served = await facts.served();
    const read = await facts.config();
    if (typeof served === "string" || !read.ok) return skip(say("doctor.seen.noConfig"));
    const wanted = Object.values(read.config.agents);
    const missing = wanted.filter((name) => !served.agents.includes(name));
    if (missing.length > 0)
      return fail(say("doctor.seen.agents.missing", { names: missing.join(", ") }), say("doctor.mend.pluginLoads"));
    return ok(wanted.join(", "));
  },
};

/** OpenCode asks the registry for its plugin package in a configuration directory that has none: over a minute offline. */
export const checkOfflineStart: Check = {
  name: "offline-start",
  group: "opencode",
  needs: ["opencode"],
  run: ({ io, say }) => {
    const dir = join(configHome(io.env, homeOf(io)), "opencode");
    const missing = ["package.json", "node_modules"].filter((name) => !existsSync(join(dir, name)));
    return missing.length === 0
      ? ok(dir)
      : warn(say("doctor.seen.offlineStart", { dir, missing: missing.join(", ") }), say("doctor.mend.installGlobal"));
  },
};

/**
 * OpenCode's `glob` and `grep` are ripgrep's: from PATH, or a copy that OpenCode fetched from github.com when it was first
 * asked. Offline and without either both tools fail.
 */
export const checkRipgrep: Check = {
  name: "ripgrep",
  group: "opencode",
  run: ({ io, say }) => {
    const cache = io.env.XDG_CACHE_HOME || join(homeOf(io), ".cache");
    const own = join(cache, "opencode", "bin");
    const found = findProgram("rg", [...(io.env.PATH ?? "").split(delimiter), own]);
    return found === undefined ? warn(say("doctor.seen.ripgrep", { dir: own }), say("doctor.mend.ripgrep")) : ok(found);
  },
};
