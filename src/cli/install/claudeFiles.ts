import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { typedLine } from "../../core/context/handoffTool.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { readBytes } from "./changes.ts";
import type { Manifest } from "./manifest.ts";
import type { Places } from "./places.ts";
import { planClaude } from "./planClaude.ts";
import type { Wanted } from "./planFiles.ts";

/**
 * What Claude Code gets: its settings, our plugin's directory with the program's place in it, and a file for each command, so
 * that `/handoff` works as it stands. A name that is the person's already is only there as `/oh-my-qwencoder:<name>`.
 *
 * @param warn is told what stays the person's own
 * @throws CliFailure where the settings cannot be read; nothing is changed then
 */
export function claudeFiles(
  io: Io,
  claude: NonNullable<Places["claude"]>,
  former: Manifest | undefined,
  packageDir: string,
  warn: (text: string) => void,
): Wanted[] {
  const known = (path: string) => former?.files.find((file) => file.path === path);
  const own = (path: string, after: string): Wanted => ({ path, kind: "own", after, owned: [] });
  const templates = join(packageDir, "templates", "claude-code");
  const text = (...names: string[]) => readFileSync(join(templates, ...names), "utf8");
  const command = typedLine([process.execPath, join(packageDir, "bin", "oh-my-qwencoder.js")]);
  const { settings, pluginDir, commandsDir } = claude;
  const plan = planClaude(readBytes(settings)?.toString("utf8"), { pluginDir, command }, known(settings)?.owned);
  if (!plan.ok) {
    const place = `${settings}:${plan.line}:${plan.column}`;
    throw new CliFailure(say(io.lang, "install.broken", { place, detail: plan.detail }), {
      next: say(io.lang, "install.broken.next"),
    });
  }
  if (plan.ownStatusLine)
    warn(say(io.lang, "install.claudeStatusLine", { command: `${command} claude-code statusline` }));
  const commands = readdirSync(join(templates, "commands")).map((name) => {
    const plain = join(commandsDir, name);
    const theirs = existsSync(plain) && known(plain) === undefined;
    if (theirs) warn(say(io.lang, "install.claudeCommand", { name: basename(name, ".md") }));
    return own(theirs ? join(pluginDir, "commands", name) : plain, text("commands", name));
  });
  // In JSON: what a shell reads is a string there.
  const quoted = JSON.stringify(command).slice(1, -1);
  return [
    own(join(pluginDir, ".claude-plugin", "marketplace.json"), text(".claude-plugin", "marketplace.json")),
    own(join(pluginDir, ".claude-plugin", "plugin.json"), text(".claude-plugin", "plugin.json")),
    own(
      join(pluginDir, "hooks", "hooks.json"),
      text("hooks", "hooks.json").replaceAll("__COMMAND__", () => quoted),
    ),
    ...commands,
    { path: settings, kind: "opencode", after: plan.after, owned: plan.owned },
  ];
}
