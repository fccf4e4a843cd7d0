import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { QUIET_OPENCODE } from "../../adapters/opencode/quietOpencode.ts";
import { supportsOpencode, TESTED_OPENCODE } from "../../core/hostVersion.ts";
import { CliFailure } from "../failure.ts";
import { MODELS_FILE } from "../install/places.ts";

/** Variables of the caller that OpenCode and the tools it runs may see. Keys of hosted providers are not among them. */
const INHERITED = ["PATH", "LANG", "LC_ALL", "TERM", "TMPDIR", "TZ", "NODE_EXTRA_CA_CERTS"];

/**
 * The environment of the demo's OpenCode: a home of its own, so that nothing of the person's configuration, sessions or
 * keys takes part, and every call to the outside that OpenCode makes by itself switched off.
 */
export function isolatedEnvironment(
  outer: Readonly<Record<string, string | undefined>>,
  home: string,
  password: string,
): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = outer[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local", "share"),
    XDG_STATE_HOME: join(home, ".local", "state"),
    XDG_CACHE_HOME: join(home, ".cache"),
    ...QUIET_OPENCODE,
    // `install --global` puts it there; where it is missing OpenCode reads its built-in catalogue.
    OPENCODE_MODELS_PATH: join(home, ".config", "oh-my-qwencoder", MODELS_FILE),
    OPENCODE_SERVER_PASSWORD: password,
    npm_config_fetch_retries: "0",
    npm_config_update_notifier: "false",
  };
}

/** The `opencode` program: from PATH, else the one installed beside this package. Throws with the way to get it. */
export async function findOpencode(
  env: Readonly<Record<string, string | undefined>>,
  packageDir: string,
): Promise<string> {
  const folders = [...(env.PATH ?? "").split(delimiter).filter(Boolean), join(packageDir, "node_modules", ".bin")];
  const program = folders.map((folder) => join(folder, "opencode")).find((path) => existsSync(path));
  const next = `Install it with \`npm install --global opencode-ai@${TESTED_OPENCODE}\` and try again.`;
  if (!program) throw new CliFailure("OpenCode was not found: no `opencode` on PATH or beside this package.", { next });
  const asked = await execa(program, ["--version"], { reject: false, timeout: 20_000 });
  const version = asked.exitCode === 0 ? asked.stdout.trim() : "";
  if (version === "") {
    throw new CliFailure(`${program} does not run: ${asked.stderr.trim() || asked.shortMessage || "no version"}`, {
      next,
    });
  }
  if (!supportsOpencode(version)) {
    throw new CliFailure(`${program} is OpenCode ${version}; the plugin needs 1.18 or a later 1.x.`, { next });
  }
  return program;
}

/** Throws with the way to get it where there is no git. */
export async function assertGit(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const asked = await execa("git", ["--version"], {
    reject: false,
    timeout: 10_000,
    env: { ...env },
    extendEnv: false,
  });
  if (asked.exitCode === 0) return;
  throw new CliFailure("git was not found on PATH; the demo's swarm works in a git repository.", {
    next: "Install git (for example `apt-get install git`) and try again.",
  });
}
