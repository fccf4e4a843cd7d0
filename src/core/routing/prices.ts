import { LOCAL, type Provider, providerId } from "./providers.ts";

/** US dollars for a million tokens. */
export interface Price {
  input: number;
  output: number;
}

/** When the list prices below were looked up, as year and month. */
export const PRICES_AS_OF = "2026-01";

/**
 * The providers' public list prices of their models as of `PRICES_AS_OF`, by `provider/model`: the standard tier, prompts of
 * usual length, nothing from a cache, so that reports rather say too much. Yours stand in `tracking.prices`.
 */
const LIST_PRICES: ReadonlyMap<string, Price> = new Map([
  ["claude/claude-opus-4-5", { input: 5, output: 25 }],
  ["claude/claude-sonnet-4-5", { input: 3, output: 15 }],
  ["claude/claude-haiku-4-5", { input: 1, output: 5 }],
  ["openai/gpt-5.2-codex", { input: 1.75, output: 14 }],
  ["openai/gpt-5.2", { input: 1.75, output: 14 }],
  ["gemini/gemini-3-pro", { input: 2, output: 12 }],
  ["gemini/gemini-3-flash", { input: 0.5, output: 3 }],
  ["zai/glm-4.7", { input: 0.6, output: 2.2 }],
]);

/** The local model's tokens cost electricity instead (`tracking.watts`, `tracking.pricePerKwh`). */
const NOTHING: Price = { input: 0, output: 0 };

/** What a model's tokens cost; undefined where nobody knows, which is not 0. @param model where whoever recorded it said one */
export type PriceOf = (provider: string, model: string | undefined) => Price | undefined;

/**
 * Prices with a person's own over the list's. A request that names no model counts as one of its provider's high tier.
 *
 * @param own by `provider/model`, or by provider for all of its models; providers under any of their names
 * @param providers the registry
 */
export function priceBook(
  own: Readonly<Record<string, Price>>,
  providers: ReadonlyMap<string, Pick<Provider, "models" | "price">>,
): PriceOf {
  const mine = new Map(Object.entries(own).map(([name, price]) => [canonical(name), price]));
  return (name, named) => {
    const provider = providerId(name);
    const entry = providers.get(provider);
    const model = named ?? entry?.models.high.id;
    const all = mine.get(provider) ?? entry?.price;
    if (model === undefined) return all ?? (provider === LOCAL ? NOTHING : undefined);
    const keys = [`${provider}/${model}`, `${provider}/${undated(model)}`];
    const one = (prices: ReadonlyMap<string, Price>) => keys.map((key) => prices.get(key)).find(Boolean);
    return one(mine) ?? all ?? (provider === LOCAL ? NOTHING : one(LIST_PRICES));
  };
}

function canonical(name: string): string {
  const slash = name.indexOf("/");
  return slash < 0 ? providerId(name) : `${providerId(name.slice(0, slash))}${name.slice(slash)}`;
}

/** Providers sell one model under its name, and under that with a day (claude-opus-4-5-20251101) or a word behind it. */
function undated(model: string): string {
  return model.replace(/-(?:\d{8}|latest|preview)$/, "");
}
