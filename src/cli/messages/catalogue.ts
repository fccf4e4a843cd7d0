import { en } from "./en.ts";
import { ko } from "./ko.ts";
import type { Language } from "./language.ts";

/** Every language says the same things: the English catalogue defines the keys. */
type Messages = Record<keyof typeof en, string>;
export type MessageKey = keyof Messages;

const catalogues: Record<Language, Messages> = { en, ko };

/** A sentence in the person's language; `{name}` in it is replaced by the parameter of that name. */
export function say(
  lang: Language,
  key: MessageKey,
  parameters: Readonly<Record<string, string | number>> = {},
): string {
  return catalogues[lang][key].replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(parameters, name) ? String(parameters[name]) : whole,
  );
}
