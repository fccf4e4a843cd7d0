import { expect, test } from "vitest";
import { priceBook } from "../../../src/core/routing/prices.ts";
import { BUILT_IN_PROVIDERS } from "../../../src/core/routing/providers.ts";

const providers = new Map(BUILT_IN_PROVIDERS.map((provider) => [provider.id, provider]));
const price = (input: number, output = input) => ({ input, output });

test("every model that a configuration begins with has a list price, and the local one costs no tokens' price", () => {
  const of = priceBook({}, providers);
  for (const { id, models } of BUILT_IN_PROVIDERS)
    for (const model of Object.values(models)) {
      const found = of(id, model.id);
      expect(found, `${id}/${model.id}`).toBeDefined();
      expect(Number(found?.input) > 0, id).toBe(id !== "local");
    }
});

test("a model's name may have a day or a word behind it, and its provider any of its names", () => {
  const of = priceBook({}, providers);
  expect(of("claude", "claude-haiku-4-5")).toEqual(price(1, 5));
  expect(of("anthropic", "claude-haiku-4-5-20251001")).toEqual(price(1, 5));
  expect(of("google", "gemini-3-flash-preview")).toEqual(price(0.5, 3));
});

test("a request that names no model counts as its provider's high tier, as that is configured", () => {
  expect(priceBook({}, providers)("claude", undefined)).toEqual(price(5, 25));
  const claude = providers.get("claude");
  if (!claude) throw new Error("there is no claude");
  const model = { id: "claude-sonnet-4-5", name: "Sonnet" };
  const other = new Map([["claude", { ...claude, models: { ...claude.models, high: model } }]]);
  expect(priceBook({}, other)("claude", undefined)).toEqual(price(3, 15));
});

test("what nobody knows is undefined, and never 0", () => {
  const of = priceBook({}, providers);
  expect(of("claude", "claude-unheard-of")).toBeUndefined();
  expect(of("claude", "toString")).toBeUndefined();
  expect(of("elsewhere", "m")).toBeUndefined();
  expect(of("elsewhere", undefined)).toBeUndefined();
});

test("one's own price for a model stands before one's own for its provider, and that before the list's", () => {
  const own = { "anthropic/claude-haiku-4-5": price(7), claude: price(8), "openrouter/a/b": price(9) };
  const of = priceBook(own, providers);
  expect(of("claude", "claude-haiku-4-5-20251001")).toEqual(price(7));
  expect(of("claude", "claude-opus-4-5")).toEqual(price(8));
  expect(of("claude", "claude-unheard-of")).toEqual(price(8));
  expect(of("openrouter", "a/b")).toEqual(price(9));
  expect(of("openrouter", "a/c")).toBeUndefined();
  const set = new Map([["zai", { models: providers.get("zai")?.models ?? never(), price: price(2) }]]);
  expect(priceBook({}, set)("zai", "glm-4.7")).toEqual(price(2));
  expect(priceBook({ "zai/glm-4.7": price(1) }, set)("zai", "glm-4.7")).toEqual(price(1));
});

function never(): never {
  throw new Error("there is no zai");
}
