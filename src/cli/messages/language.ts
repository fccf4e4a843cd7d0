export type Language = "en" | "ko";

export function isLanguage(word: string): word is Language {
  return word === "en" || word === "ko";
}

/**
 * The language to speak: `--lang`, then OMQ_LANG, then the locale (LC_ALL, LC_MESSAGES, LANG; the first that is set),
 * else English. An unknown OMQ_LANG is passed over; an unknown `--lang` is wrong usage and reported by the caller.
 */
export function pickLanguage(flag: string | undefined, env: Readonly<Record<string, string | undefined>>): Language {
  if (flag !== undefined && isLanguage(flag)) return flag;
  const wanted = env.OMQ_LANG?.slice(0, 2).toLowerCase() ?? "";
  if (isLanguage(wanted)) return wanted;
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || "";
  return /^ko(?![a-z])/i.test(locale) ? "ko" : "en";
}
