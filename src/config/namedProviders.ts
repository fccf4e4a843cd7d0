import { BUILT_IN_PROVIDERS, providerId } from "../core/routing/providers.ts";
import { nearest } from "./nearest.ts";
import type { Config } from "./schema.ts";

/** A provider that the routing names and nobody describes. */
export interface UndescribedProvider {
  /** Key path of the setting that names it; the entry itself where it is one of a list. */
  path: readonly string[];
  name: string;
  /** What was probably meant. */
  suggestion: string | undefined;
}

/** Ids of the providers that the registry or `routing.providers` describes. */
export function describedProviders({ providers }: Pick<Config["routing"], "providers">): string[] {
  return [...new Set([...BUILT_IN_PROVIDERS.map(({ id }) => id), ...Object.keys(providers).map(providerId)])];
}

/**
 * Providers that `routing` names but neither the registry nor `routing.providers` describes: nearly always a mistyped name,
 * for which no model, no surface and no key would be known when the work comes.
 */
export function undescribedProviders(routing: Config["routing"]): UndescribedProvider[] {
  const described = describedProviders(routing);
  const list = (path: readonly string[], names: readonly string[] | undefined) =>
    (names ?? []).map((name, index) => ({ path: [...path, String(index)], name }));
  const named = [
    { path: ["primary"], name: routing.primary },
    ...(["high", "medium", "low"] as const).flatMap((tier) => list(["tiers", tier], routing.tiers[tier])),
    ...list(["fallback"], routing.fallback),
    ...Object.entries(routing.overrides).map(([agent, { provider }]) => ({
      path: ["overrides", agent, "provider"],
      name: provider,
    })),
    ...routing.rules.map((rule, index) => ({
      path: ["rules", String(index), "then", "provider"],
      name: rule.then.provider,
    })),
  ];
  return named
    .filter(({ name }) => !described.includes(providerId(name)))
    .map(({ path, name }) => ({
      path: ["routing", ...path],
      name,
      suggestion: nearest(name, described),
    }));
}
