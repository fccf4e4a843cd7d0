import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { repositoryTools } from "../../../../plugin/hooks/repositoryTools.ts";
import { installedHosts } from "../../../../plugin/installedHosts.ts";
import type { ReadConfigResult } from "../../../config/read.ts";
import { type HostConfigFinding, judgeHostConfig } from "../../../core/gate/hostConfig.ts";
import { ROLES } from "../../../core/roles.ts";
import { homeOf } from "../../config/load.ts";
import type { Io } from "../../io.ts";
import { packageRoot } from "../../packageRoot.ts";
import { type MergedConfig, pluginEntry } from "./mergedConfig.ts";

/** The hosts the plugin lets requests go to: those installs were told, and `security.allowHosts`. */
export async function allowedHosts(
  io: Io,
  projectDir: string | undefined,
  config: ReadConfigResult,
): Promise<readonly string[]> {
  const tracked = async (names: readonly string[]) => {
    const asked = await execa("git", ["ls-files", "--", ...names], { cwd: projectDir ?? io.cwd, stdin: "ignore" });
    return asked.stdout.split("\n").filter((line) => line !== "");
  };
  const installed = await installedHosts(projectDir, { tracked }, { env: io.env, home: homeOf(io) });
  return [...(config.ok ? config.config.security.allowHosts : []), ...installed];
}

/**
 * Judges the merged configuration as the plugin does before it lets a swarm start, and every agent's model beside the
 * roles': a person types into those.
 *
 * @param about.openedIn where OpenCode would be started, in the project
 */
export function hostFindings(
  merged: MergedConfig,
  about: {
    config: ReadConfigResult & { ok: true };
    projectDir: string;
    openedIn: string;
    allowHosts: readonly string[];
  },
): HostConfigFinding[] {
  const { projectDir } = about;
  const { agents, model, security } = about.config.config;
  const { unsandboxed } = security;
  // OpenCode prints its configuration as it is before the plugin puts the roles into it.
  const roles = about.config.origin.model === "default" ? [] : ROLES.map((role) => [agents[role], { model }] as const);
  const judged = judgeHostConfig(
    { ...merged, agent: { ...merged.agent, ...Object.fromEntries(roles) } },
    {
      allowHosts: about.allowHosts,
      egressAll: true,
      unsandboxed,
      agents,
      projectUrl: pathToFileURL(projectDir).href,
      ownUrl: pluginEntry(merged)?.url ?? pathToFileURL(join(packageRoot().dir, "dist", "plugin.js")).href,
    },
  );
  return unsandboxed.includes("plugin") ? judged : [...judged, ...repositoryTools(about.openedIn, projectDir)];
}
