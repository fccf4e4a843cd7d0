import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

const roles = ["commander", "worker", "scout", "librarian"] as const;
const folders = ["agent", "agents", "mode", "modes"];

function markdownNames(dir: string): string[] {
  return folders
    .map((folder) => join(dir, folder))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path, { recursive: true, encoding: "utf8" }))
    .filter((file) => file.endsWith(".md"))
    .map((file) => basename(file, ".md"));
}

/**
 * Names for our agents where the person already has one of that name: `{commander: "aegis-commander"}`.
 *
 * @param configs parsed OpenCode configurations (their `agent` and `mode` sections are looked at)
 * @param agentDirs configuration directories (their `agent(s)/` and `mode(s)/` Markdown files are)
 */
export function renamedAgents(
  configs: readonly Record<string, unknown>[],
  agentDirs: readonly string[],
): Record<string, string> {
  const taken = new Set(agentDirs.flatMap(markdownNames));
  for (const config of configs) {
    for (const section of [config.agent, config.mode]) {
      if (typeof section === "object" && section !== null) for (const name of Object.keys(section)) taken.add(name);
    }
  }
  return Object.fromEntries(roles.filter((role) => taken.has(role)).map((role) => [role, `aegis-${role}`]));
}
