import type { RoutingPolicy } from "./policy.ts";
import { LOCAL } from "./providers.ts";

/** What a machine has of a provider. */
export interface ProviderMeans {
  id: string;
  /** Its command line is installed. */
  program: string | undefined;
  /** The variable that holds its key, where one is set. */
  key: string | undefined;
  /** OpenCode's configuration names it: sessions can go there. */
  host: boolean;
}

/** Command lines and keys by provider, as their vendors name them. */
export const MEANS: Readonly<Record<string, { programs: readonly string[]; keys: readonly string[] }>> = {
  claude: { programs: ["claude"], keys: ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"] },
  openai: { programs: ["codex"], keys: ["OPENAI_API_KEY"] },
  gemini: { programs: ["gemini", "agy"], keys: ["GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"] },
  zai: { programs: [], keys: ["ZAI_API_KEY"] },
};

export interface FusionSetup {
  /** For people, one line a thing. */
  lines: string[];
  /** What to write into the person's configuration; empty where nothing may or needs to be. */
  write: { path: string[]; value: string[] }[];
}

/**
 * What `/fusion-setup` says and writes: providers that can be used become the tiers and the chain, where the person said
 * nothing of their own. Whether anything may leave the house is never written: that is theirs to say.
 *
 * @param present keys of `routing` that the person's own file has already
 */
export function fusionSetup(
  policy: Pick<RoutingPolicy, "externalAllowed" | "primary">,
  means: readonly ProviderMeans[],
  present: readonly string[],
): FusionSetup {
  const lines = means.map(({ id, program, key, host }) => {
    const parts = [program && `${program} is installed`, key && `${key} is set`, host && "OpenCode has it configured"];
    const found = parts.filter((part) => typeof part === "string");
    return `${id}: ${found.length === 0 ? "nothing found" : found.join(", ")}`;
  });
  if (!policy.externalAllowed) {
    lines.push(
      "Nothing was written: routing.external.enabled is false, so every agent stays on the local model.",
      'To allow providers outside, set {"routing": {"external": {"enabled": true}}} in your own aegis.jsonc, then run this again.',
    );
    return { lines, write: [] };
  }
  const usable = means.filter(({ host }) => host).map(({ id }) => id);
  const others = usable.filter((id) => id !== policy.primary && id !== LOCAL);
  if (others.length === 0) {
    lines.push(
      "Nothing was written: OpenCode's configuration names no further provider. Add one under `provider` there.",
    );
    return { lines, write: [] };
  }
  const first = (...wanted: string[]) => wanted.find((id) => others.includes(id)) ?? others[0] ?? LOCAL;
  const chain = policy.primary === LOCAL ? others : [...others, LOCAL];
  const wanted: FusionSetup["write"] = [
    { path: ["routing", "tiers", "medium"], value: [first("openai", "claude", "zai")] },
    { path: ["routing", "tiers", "low"], value: [first("gemini", "zai", "openai")] },
    { path: ["routing", "fallback"], value: chain },
  ];
  const write = wanted.filter(({ path }) => !present.includes(path.slice(1).join(".")));
  for (const { path, value } of write) lines.push(`Written: ${path.join(".")} = ${JSON.stringify(value)}`);
  if (write.length === 0) lines.push("Nothing was written: your configuration says all of it already.");
  return { lines, write };
}
