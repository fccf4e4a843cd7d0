import type { Surface } from "../providers.ts";
import { readApiKeyHeaders, readUnifiedHeaders } from "./claude.ts";
import { readOpenAiHeaders } from "./openai.ts";
import type { LimitReading } from "./window.ts";

/**
 * The limits in the headers of a provider's answer, a refusal's too. Google sends none.
 *
 * @param provider the registry's id, which may be one of the configuration's own
 * @param get a header's value by its lower-case name
 * @param observedAt milliseconds since the epoch
 */
export function readLimitHeaders(
  { surface, provider }: { surface: Surface; provider: string },
  get: (name: string) => string | null | undefined,
  observedAt: number,
): LimitReading {
  const reading = ofSurface(surface, get, observedAt);
  return reading.ok ? { ok: true, windows: reading.windows.map((window) => ({ ...window, provider })) } : reading;
}

function ofSurface(surface: Surface, get: (name: string) => string | null | undefined, at: number): LimitReading {
  switch (surface) {
    case "anthropic": {
      const subscription = readUnifiedHeaders(get, at);
      return subscription.ok ? subscription : readApiKeyHeaders(get, at);
    }
    case "openai":
      return readOpenAiHeaders(get, at);
    case "gemini":
      return { ok: false, reason: "this API tells no limits in its headers" };
  }
}
