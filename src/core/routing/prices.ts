/** When the list prices below were looked up, as year and month. */
export const PRICES_AS_OF = "2026-01";

/**
 * The providers' public list prices of their high tier, in US dollars for a million tokens, as of `PRICES_AS_OF`: a
 * request's record names no model, so reports rather say too much. Yours stand in `routing.providers.<name>.price`. The
 * local model's tokens cost electricity instead (`tracking.watts`, `tracking.pricePerKwh`).
 */
export const LIST_PRICES = {
  local: { input: 0, output: 0 },
  claude: { input: 5, output: 25 },
  openai: { input: 1.75, output: 14 },
  gemini: { input: 0.5, output: 3 },
  zai: { input: 0.6, output: 2.2 },
} as const;
