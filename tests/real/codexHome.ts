import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Leads the real codex to a scripted server, by its own means.
 *
 * @param home its home directory
 * @param url the server's
 * @param more further lines of its configuration: at its top, for the provider, and behind it
 * @returns what its environment has to hold
 */
export function codexHome(
  home: string,
  url: string,
  more: { top?: readonly string[]; provider?: readonly string[]; tables?: readonly string[] },
): Record<string, string> {
  mkdirSync(join(home, ".codex"), { recursive: true });
  const lines = [
    ...(more.top ?? []),
    'model_provider = "scripted"',
    "[model_providers.scripted]",
    'name = "scripted"',
    `base_url = "${url}/v1"`,
    'env_key = "OPENAI_API_KEY"',
    'wire_api = "responses"',
    ...(more.provider ?? []),
    ...(more.tables ?? []),
  ];
  writeFileSync(join(home, ".codex/config.toml"), lines.join("\n"));
  return { OPENAI_API_KEY: "scripted" };
}
