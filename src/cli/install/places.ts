import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { configHome } from "../../config/read.ts";
import { stateHome } from "../../config/stateHome.ts";

export type InstallScope = "project" | "global" | "managed";

/** Where an install puts its things. All paths absolute. */
export interface Places {
  scope: InstallScope;
  /** Directory paths are shown relative to. */
  base: string;
  /** OpenCode's files here in the order it reads them (measured with 1.18.33: `.jsonc` after `.json`). */
  candidates: readonly string[];
  /** Files of OpenCode's own screen, in the order it reads them. */
  screens: readonly string[];
  /** Files OpenCode reads before those. */
  below: readonly string[];
  /** Files OpenCode reads after those, as far as they are known without looking for them. */
  above: readonly string[];
  /** Directories whose agent files belong to the person. */
  agentDirs: readonly string[];
  backupDir: string;
  envFile: string;
  /** The empty catalogue of models that `env.sh` names. */
  modelsFile: string;
  aegisFile: string;
  gitignore: string | undefined;
  /** Claude Code's; undefined where it has nothing in this scope. */
  claude: { base: string; settings: string; commandsDir: string; pluginDir: string } | undefined;
  /** Directories OpenCode would fill from the registry at start. */
  provision: readonly string[];
}

export interface PlacesInput {
  scope: InstallScope;
  projectDir: string | undefined;
  /** Where the command was called: relative paths in the environment start there. */
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** `/etc`; another directory in tests. */
  etc: string;
}

/** Name of the empty catalogue beside `env.sh`. */
export const MODELS_FILE = "models.json";

function opencodeFiles(dir: string, withLegacy: boolean): string[] {
  return [...(withLegacy ? ["config.json"] : []), "opencode.json", "opencode.jsonc"].map((name) => join(dir, name));
}

function screenFiles(dir: string): string[] {
  return ["tui.json", "tui.jsonc"].map((name) => join(dir, name));
}

/** Where things go for one scope. `projectDir` is required for scope `project`. */
export function placesFor(input: PlacesInput): Places {
  const config = configHome(input.env, input.home);
  const userDir = join(config, "opencode");
  const ours = join(config, "oh-my-qwencoder");
  const user = opencodeFiles(userDir, true);
  // The order was read in OpenCode 1.18.33: the user's, OPENCODE_CONFIG, the project's, OPENCODE_CONFIG_DIR, the machine's.
  const named = input.env.OPENCODE_CONFIG ? [resolve(input.cwd, input.env.OPENCODE_CONFIG)] : [];
  const namedDir = input.env.OPENCODE_CONFIG_DIR ? [resolve(input.cwd, input.env.OPENCODE_CONFIG_DIR)] : [];
  const last = [...namedDir, join(input.etc, "opencode")].flatMap((dir) => opencodeFiles(dir, false));
  const claudeDir = input.env.CLAUDE_CONFIG_DIR || join(input.home, ".claude");
  if (input.scope === "project" && input.projectDir !== undefined) {
    const dir = input.projectDir;
    const dot = join(dir, ".opencode");
    return {
      scope: "project",
      base: dir,
      candidates: [...opencodeFiles(dir, false), ...opencodeFiles(dot, false)],
      screens: screenFiles(dir),
      below: [...user, ...named],
      above: last,
      agentDirs: [userDir, dot, ...namedDir],
      backupDir: join(dir, ".aegis", "backup"),
      envFile: join(dir, ".aegis", "env.sh"),
      modelsFile: join(dir, ".aegis", MODELS_FILE),
      aegisFile: join(dir, "aegis.jsonc"),
      gitignore: join(dir, ".gitignore"),
      claude: {
        base: dir,
        // The file of that person alone, which Claude Code keeps out of git: it holds paths of this machine.
        settings: join(dir, ".claude", "settings.local.json"),
        commandsDir: join(dir, ".claude", "commands"),
        pluginDir: join(dir, ".aegis", "claude-code"),
      },
      provision: existsSync(dot) ? [dot] : [],
    };
  }
  if (input.scope === "managed") {
    const dir = join(input.etc, "opencode");
    const etcOurs = join(input.etc, "oh-my-qwencoder");
    return {
      scope: "managed",
      base: input.etc,
      candidates: opencodeFiles(dir, false),
      // OpenCode reads none of the machine's own: `env.sh` names this one to it (`OPENCODE_TUI_CONFIG`, 1.18.33).
      screens: [join(etcOurs, "tui.json")],
      below: [],
      above: [],
      agentDirs: [dir],
      backupDir: join(etcOurs, "backup"),
      envFile: join(etcOurs, "env.sh"),
      modelsFile: join(etcOurs, MODELS_FILE),
      aegisFile: join(etcOurs, "aegis.jsonc"),
      gitignore: undefined,
      claude: undefined,
      provision: [],
    };
  }
  return {
    scope: "global",
    base: config,
    candidates: user,
    screens: screenFiles(userDir),
    below: [],
    above: [...named, ...last],
    agentDirs: [userDir, ...namedDir],
    backupDir: join(stateHome(input.env, input.home), "backup"),
    envFile: join(ours, "env.sh"),
    modelsFile: join(ours, MODELS_FILE),
    aegisFile: join(ours, "aegis.jsonc"),
    gitignore: undefined,
    claude: {
      base: dirname(claudeDir),
      settings: join(claudeDir, "settings.json"),
      commandsDir: join(claudeDir, "commands"),
      pluginDir: join(ours, "claude-code"),
    },
    provision: [userDir, ...[join(input.home, ".opencode")].filter((dir) => existsSync(dir))],
  };
}
