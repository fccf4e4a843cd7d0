import { withoutForeignText } from "./ownWords.ts";
import type { FusionMode } from "./verdict.ts";

/** What a person switched with a word in their message. */
export interface Keyword {
  /** As it is shown: the word that was found. */
  word: string;
  mode?: FusionMode;
  /** Work that fits is done side by side. */
  parallel: boolean;
  /** Design, build and verify without asking; the gates still hold. */
  autopilot: boolean;
  /** The message without the keyword. */
  task: string;
}

/** A command that is no task. */
export type FusionCommand = "cancel-autopilot" | "fusion-setup" | "fusion-default-on" | "fusion-default-off";

const COMMAND = /^\/(cancel-autopilot|fusion-setup|fusion-default-on|fusion-default-off)(?=\s|$)/i;

/** The command a message is, undefined where it is none. */
export function findCommand(message: string): FusionCommand | undefined {
  return COMMAND.exec(message.trim())?.[1]?.toLowerCase() as FusionCommand | undefined;
}

/** Not a letter, digit or hyphen of any script, or an end: `\b` knows no Hangul, and Korean particles follow directly. */
const BEFORE = "(?:^|[\\s\"'“‘(\\[,.!?~…])";
const END = "[\\s.!?~…]*$";
/** "with hulw", "hulw로", "hulw 모드로": the ways to say it at the end of a sentence. */
const KOREAN_WITH =
  "(?:\\s*(?:모드)?(?:으로|로)(?:\\s*(?:해\\s*줘|해\\s*주세요|해\\s*줘요|하자|해|부탁해|부탁해요|부탁합니다|진행|진행해|진행해\\s*줘))?)?";

const FUSION = "(hulw)";
const ULTRA = "(ulw|ultrawork)";

interface Form {
  pattern: RegExp;
  /** Of a match: what the keyword means. */
  of(match: RegExpExecArray): Omit<Keyword, "task">;
}

const always = (word: string): Omit<Keyword, "task"> => ({ word, mode: "always", parallel: true, autopilot: false });
const auto = (word: string): Omit<Keyword, "task"> => ({ word, mode: "auto", parallel: false, autopilot: false });
const pilot = (word: string, fusion: boolean): Omit<Keyword, "task"> => ({
  word,
  ...(fusion ? { mode: "always" as const } : {}),
  parallel: fusion,
  autopilot: true,
});

/** In this order: the longer forms first. */
const FORMS: readonly Form[] = [
  { pattern: /^\/?autopilot[\s:]+(?:hulw|with\s+fusion)(?=[\s:]|$):?\s*/i, of: () => pilot("autopilot hulw", true) },
  { pattern: /^\/autopilot(?=[\s:]|$):?\s*/i, of: () => pilot("autopilot", false) },
  { pattern: /^autopilot:\s*/i, of: () => pilot("autopilot", false) },
  { pattern: /^\/hulw(?=[\s:]|$):?\s*/i, of: () => always("hulw") },
  { pattern: /^hulw:\s*/i, of: () => always("hulw") },
  { pattern: /^\/(?:ulw|ultrawork)(?=[\s:]|$):?\s*/i, of: () => auto("ulw") },
  { pattern: /^(?:ulw|ultrawork):\s*/i, of: () => auto("ulw") },
  { pattern: new RegExp(`${BEFORE}(?:with\\s+)?${FUSION}${KOREAN_WITH}${END}`, "i"), of: () => always("hulw") },
  { pattern: new RegExp(`${BEFORE}with\\s+${ULTRA}${KOREAN_WITH}${END}`, "i"), of: () => auto("ulw") },
  { pattern: new RegExp(`${BEFORE}(ulw)${KOREAN_WITH}${END}`, "i"), of: () => auto("ulw") },
  { pattern: /(?:^|\s)with\s+hulw(?=[\s,.!?]|$)/i, of: () => always("hulw") },
  { pattern: /(?:^|\s)with\s+(?:ulw|ultrawork)(?=[\s,.!?]|$)/i, of: () => auto("ulw") },
];

/**
 * The mode a person asks for in a message: `/hulw X`, `hulw: X`, `X hulw`, `X with hulw` and their like. Code blocks,
 * inline code, quotes and contents of files are not the person's words and are not looked at; nor is a keyword in the
 * middle of a sentence, where it is talked about.
 */
export function findKeyword(message: string): Keyword | undefined {
  const own = withoutForeignText(message);
  const text = own.trim();
  const lead = own.length - own.trimStart().length;
  for (const { pattern, of } of FORMS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const from = lead + match.index;
    const task = `${message.slice(0, from)} ${message.slice(from + match[0].length)}`.trim();
    return { ...of(match), task };
  }
  return undefined;
}
