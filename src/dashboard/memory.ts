import type { Language } from "./words.ts";

const TOKEN = "aegis.token";
const LANGUAGE = "aegis.language";
const THEME = "aegis.theme";
export type Theme = "dark" | "light";

/** The token from the address, which forgets it: it stands in no history, and a reload of this tab still has it. */
export function takeToken(): string {
  const given = /^#token=([\w.~-]+)$/.exec(location.hash)?.[1];
  if (given === undefined) return sessionStorage.getItem(TOKEN) ?? "";
  keepToken(given);
  history.replaceState(null, "", location.pathname);
  return given;
}

/** @param token empty to forget it */
export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

export function rememberedLanguage(): Language {
  const chosen = localStorage.getItem(LANGUAGE) ?? navigator.language;
  return chosen.startsWith("ko") ? "ko" : "en";
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(LANGUAGE, language);
}

/** The person's choice on this page, else the system's. */
export function rememberedTheme(): Theme {
  const chosen = localStorage.getItem(THEME);
  if (chosen === "dark" || chosen === "light") return chosen;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

export function keepTheme(theme: Theme): void {
  localStorage.setItem(THEME, theme);
}
