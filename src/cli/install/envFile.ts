import type { InstallScope } from "./places.ts";

export interface EnvFileInput {
  /** Text of `templates/install/env.sh`. */
  template: string;
  /** How the file is named where it is sourced. */
  path: string;
  scope: InstallScope;
  baseUrl: string;
  /** `enabled_providers` as OpenCode reads it after the install. */
  enabledProviders: readonly string[];
  /** Absolute path of the empty catalogue (`modelsFile`); undefined where OpenCode needs its own. */
  modelsFile: string | undefined;
  /** Absolute path of the screen's file, where OpenCode would not look for it by itself. */
  screenFile: string | undefined;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Whether OpenCode can do without its built-in catalogue of hosted models: only the provider that the install describes
 * in full is enabled. Reading the catalogue costs each project it opens about a second of processor time and 100 to
 * 300 MB (measured with 1.18.33, `npm run bench:startup`).
 */
export function needsNoCatalogue(enabledProviders: readonly string[]): boolean {
  return enabledProviders.length > 0 && enabledProviders.every((name) => name === "aegis");
}

/**
 * The text of `env.sh`. A project's or a machine's install leaves users' own configuration alone, so for these the file
 * also closes what only that could: see the comments it writes.
 */
export function envFileText(input: EnvFileInput): string {
  const hosts = ["127.0.0.1", "localhost", "::1"];
  const hostname = URL.canParse(input.baseUrl) ? new URL(input.baseUrl).hostname : "";
  const plain = hostname.replace(/^\[|\]$/g, "");
  // A URL's host may hold what a shell would run, and a repository's file may have named it.
  const named = hosts.includes(plain) || !/^[\w.:-]+$/u.test(plain) ? hosts : [...hosts, plain];
  const common = input.template.replace("PATH/env.sh", () => input.path).replaceAll("__HOSTS__", () => named.join(","));
  const elsewhere = JSON.stringify({ enabled_providers: input.enabledProviders, share: "disabled" });
  const leak = [
    "# Outside the project OpenCode would choose a hosted model by itself: no provider but these, in any directory.",
    `export OPENCODE_CONFIG_CONTENT="\${OPENCODE_CONFIG_CONTENT:-$(printf %s ${quoted(elsewhere)})}"`,
  ];
  const catalogue = [
    "# OpenCode reads its list of hosted models for every project it opens, a second and 100 MB or more. None is used here.",
    `export OPENCODE_MODELS_PATH=${quoted(input.modelsFile ?? "")}`,
  ];
  const stall = [
    "# OpenCode fills each user's configuration directory from the package registry, and waits over a minute where it cannot.",
    "# `install --global` prepares that directory instead; this keeps npm from asking, in OpenCode and what it starts.",
    'opencode() { npm_config_offline=true command opencode "$@"; }',
  ];
  const screen = [
    "# The sidebar and the status line of OpenCode's own screen; a user's own tui.json counts beside it.",
    `export OPENCODE_TUI_CONFIG="\${OPENCODE_TUI_CONFIG:-$(printf %s ${quoted(input.screenFile ?? "")})}"`,
  ];
  const more = [
    ...(input.screenFile === undefined ? [] : screen),
    ...(input.modelsFile === undefined ? [] : catalogue),
    ...(input.scope === "project" ? leak : []),
    ...(input.scope === "global" ? [] : stall),
  ];
  return common + more.map((line) => `${line}\n`).join("");
}
