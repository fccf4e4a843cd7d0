/**
 * A model's provider that OpenCode's `enabled_providers` leaves out: OpenCode loads no other, and does not find the model.
 *
 * @param model `provider/model`
 * @returns undefined where the provider is named
 */
export function hiddenProvider(model: string, enabled: readonly string[]): string | undefined {
  const [provider = ""] = model.split("/");
  return enabled.includes(provider) ? undefined : provider;
}
