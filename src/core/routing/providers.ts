import type { Tier } from "./specialists.ts";

/** The API a provider speaks. */
export type Surface = "openai" | "anthropic" | "gemini";

export interface RoutedModel {
  /** As the provider's API names it. */
  id: string;
  /** As people name it. */
  name: string;
}

/** One entry of the registry. */
export interface Provider {
  id: string;
  /** As people name it. */
  name: string;
  surface: Surface;
  /** Its name in OpenCode's configuration; the local one's is in `model`. */
  hostProvider: string;
  models: Readonly<Record<Tier, RoutedModel>>;
  /** Share of the draws where several providers fit. */
  weight: number;
  /** Lower comes first where two are alike. */
  priority: number;
  enabled: boolean;
  /** US dollars for a million tokens of any of its models, in place of the list's; only for reports. */
  price?: { input: number; output: number } | undefined;
}

/** The one provider that is inside the house. Every other one is outside, whatever its configuration says of it. */
export const LOCAL = "local";

const model = (id: string, name: string): RoutedModel => ({ id, name });
const alike = (one: RoutedModel): Record<Tier, RoutedModel> => ({ high: one, medium: one, low: one });

/**
 * The five entries a configuration starts with. Ids as of 2026-01; all of it can be set under
 * `routing.providers`.
 */
export const BUILT_IN_PROVIDERS: readonly Provider[] = [
  {
    id: LOCAL,
    name: "local vLLM",
    surface: "openai",
    hostProvider: "aegis",
    models: alike(model("qwen3-coder-next", "Qwen3-Coder-Next")),
    weight: 1,
    priority: 0,
    enabled: true,
  },
  {
    id: "claude",
    name: "Claude",
    surface: "anthropic",
    hostProvider: "anthropic",
    models: {
      high: model("claude-opus-4-5", "Claude Opus 4.5"),
      medium: model("claude-sonnet-4-5", "Claude Sonnet 4.5"),
      low: model("claude-haiku-4-5", "Claude Haiku 4.5"),
    },
    weight: 3,
    priority: 1,
    enabled: true,
  },
  {
    id: "openai",
    name: "OpenAI",
    surface: "openai",
    hostProvider: "openai",
    models: alike(model("gpt-5.2-codex", "GPT-5.2 Codex")),
    weight: 2,
    priority: 2,
    enabled: true,
  },
  {
    id: "gemini",
    name: "Gemini",
    surface: "gemini",
    hostProvider: "google",
    models: alike(model("gemini-3-flash", "Gemini 3 Flash")),
    weight: 2,
    priority: 2,
    enabled: true,
  },
  {
    id: "zai",
    name: "GLM",
    surface: "openai",
    hostProvider: "zai",
    models: alike(model("glm-4.7", "GLM-4.7")),
    weight: 1,
    priority: 3,
    enabled: true,
  },
];

const ALIASES: Readonly<Record<string, string>> = {
  google: "gemini",
  anthropic: "claude",
  glm: "zai",
  "z.ai": "zai",
  vllm: LOCAL,
};

/** The registry's id for a name people use; a name that is no alias is an id already. */
export function providerId(name: string): string {
  const plain = name.trim().toLowerCase();
  return Object.hasOwn(ALIASES, plain) ? (ALIASES[plain] ?? plain) : plain;
}
