/** Hues of the Workers, in the order of their ids: neighbours are far apart. */
const HUES = [212, 158, 36, 282, 345, 190, 96, 252, 14, 130, 312, 54] as const;

/** The hue of `w03`; grey (undefined) for who is no Worker. */
export function hueOf(worker: string): number | undefined {
  const number = Number(/^w(\d+)$/.exec(worker)?.[1] ?? 0);
  return number === 0 ? undefined : HUES[(number - 1) % HUES.length];
}

/** Gives an element a Worker's colour as `--hue`. */
export function tint<T extends HTMLElement>(element: T, worker: string): T {
  const hue = hueOf(worker);
  element.classList.add(hue === undefined ? "nobody" : "tinted");
  if (hue !== undefined) element.style.setProperty("--hue", String(hue));
  return element;
}

/** A provider's place among the chart's colours. */
const PROVIDERS = ["local", "claude", "openai", "gemini"] as const;

/** The class of a provider's colour: p0 to p5. */
export function providerClass(provider: string): string {
  const known = PROVIDERS.indexOf(provider as (typeof PROVIDERS)[number]);
  if (known >= 0) return `p${known}`;
  let sum = 0;
  for (const character of provider) sum += character.charCodeAt(0);
  return `p${4 + (sum % 2)}`;
}
