import type { Language } from "./model.ts";

/** What a session does while no tool call of its runs, as `.aegis/live.json` has it. */
export const doing = {
  thinking: "thinking",
  /** @param ahead requests that go before its own; undefined where nobody counts them */
  waitsForGpu: (ahead?: number): string =>
    ahead === undefined ? "waiting for the GPU" : `waiting for the GPU (${ahead} ahead)`,
  /** @param failure as the gate typed it; undefined where there was none */
  waitsForServer: (failure?: string): string =>
    failure === undefined ? "waiting for the model server" : `waiting for the model server (${failure})`,
};

const KOREAN: readonly (readonly [RegExp, string])[] = [
  [/^thinking$/u, "생각 중"],
  [/^waiting for the GPU$/u, "GPU 대기"],
  [/^waiting for the GPU \((\d+) ahead\)$/u, "GPU 대기 (앞에 $1건)"],
  [/^waiting for the model server$/u, "모델 서버를 기다림"],
  [/^waiting for the model server \(([^()]*)\)$/u, "모델 서버를 기다림($1)"],
];

/** One of these phrases in the person's language. What a tool call does ("edit src/a.ts") is the same in each. */
export function doingIn(language: Language, text: string): string {
  if (language === "en") return text;
  const [phrase, korean] = KOREAN.find(([pattern]) => pattern.test(text)) ?? [];
  return phrase && korean !== undefined ? text.replace(phrase, korean) : text;
}
