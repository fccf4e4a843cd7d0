import type { Language, Proposal, QaStrategy } from "./model.ts";

/** One numbered answer shown to the person under a proposal. */
export interface Choice {
  number: number;
  label: string;
  verdict: "yes" | "no";
  qaStrategy?: QaStrategy;
}

const STRATEGY_LABEL: Record<QaStrategy, Record<Language, string>> = {
  "worker-unit+commander-integration": {
    en: "Workers run unit checks, the Commander runs everything",
    ko: "Worker가 유닛 검사, Commander가 전체 검사",
  },
  "worker-self": { en: "each Worker runs its own QA", ko: "워커가 각자 QA" },
  "commander-all": { en: "only the Commander runs QA", ko: "커맨더가 모든 QA" },
  "full-e2e": { en: "everything and the end-to-end suite", ko: "전체 QA와 E2E까지" },
};

/** The numbered choices of a proposal: the proposed QA strategy first, the others, then "change it". */
export function approvalChoices(proposal: Proposal, language: Language): Choice[] {
  const others = (Object.keys(STRATEGY_LABEL) as QaStrategy[]).filter((strategy) => strategy !== proposal.qaStrategy);
  const approve = language === "ko" ? "승인" : "Approve";
  const yes = [proposal.qaStrategy, ...others].map((qaStrategy, index): Choice => {
    const label = `${approve} — QA: ${STRATEGY_LABEL[qaStrategy][language]}`;
    return { number: index + 1, label, verdict: "yes", qaStrategy };
  });
  const no = language === "ko" ? "승인하지 않음 — 설계를 바꿔 주세요" : "Do not approve — change the design";
  return [...yes, { number: yes.length + 1, label: no, verdict: "no" }];
}

/** What turns a phrase around, wherever it stands in the sentence. */
const NOT_ASKED =
  /n['’]t\b|\b(?:not|never|no|dont|cannot|without|nobody|why|if|unless|should|must|when|who|what|how|lets|let\s+\w+)\b|\?|지\s?(?:마|말|않)|안\s|않|못|없이|말고|만약|하면|으면|되면|왜|까요|나요|금지/iu;

/**
 * Whether the person asked to go without a design, in one of the configured phrases. A sentence that negates, asks,
 * or makes a condition does not count: the design is skipped on plain words only.
 */
export function asksToSkip(text: string, phrases: readonly string[]): boolean {
  const wanted = phrases.map(plain).filter((phrase) => phrase.trim() !== "");
  return sentencesOf(text).some((sentence) =>
    wanted.some((phrase) => {
      const at = sentence.indexOf(phrase.trim());
      if (at < 0) return false;
      const before = sentence.slice(0, at);
      const behind = sentence.slice(at + phrase.trim().length);
      const partOfWord = /[a-z0-9]$/u.test(before) || (/[a-z0-9]$/u.test(phrase.trim()) && /^[a-z0-9]/u.test(behind));
      return !partOfWord && !NOT_ASKED.test(`${before} … ${behind}`);
    }),
  );
}

function sentencesOf(text: string): string[] {
  return withoutQuotes(text)
    .split(/(?<=[.!?])\s|\n/u)
    .map(plain);
}

/** Text of a person that switches autopilot on for one task: `/autopilot X`, `autopilot: X`. */
export function asksForAutopilot(text: string): boolean {
  return /^\s*(?:\/autopilot(?:\s|$)|autopilot\s*:)/iu.test(text);
}

export function languageOf(text: string, before: Language): Language {
  if (/[가-힣]/u.test(text)) return "ko";
  return /[a-z]{3,}/iu.test(text) ? "en" : before;
}

/** Text without code and quotations: commands hidden in pasted material do not count as the person's words. */
function withoutQuotes(text: string): string {
  return text
    .normalize("NFC")
    .replace(/```[\s\S]*?(?:```|$)/gu, " ")
    .replace(/`[^`\n]*`/gu, " ")
    .replace(/"[^"\n]*"|“[^”\n]*”|「[^」\n]*」/gu, " ")
    .replace(/^\s*>.*$/gmu, " ");
}

function plain(text: string): string {
  return text.normalize("NFC").toLowerCase().replace(/\s+/gu, " ");
}
