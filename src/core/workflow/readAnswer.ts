import type { QaStrategy } from "./model.ts";
import type { Choice } from "./person.ts";

export interface Answer {
  verdict: "yes" | "no" | "unclear";
  qaStrategy?: QaStrategy;
}

const UNCLEAR: Answer = { verdict: "unclear" };

/** Longest remark behind a choice that is still a remark; more is a talk, which has to be understood first. */
const REMARK_MAX = 100;

const NO =
  /^(?:n|no|nope|nah|reject(?:ed)?|decline[d]?|stop|cancel|change|아니(?:요|오|야)?|아뇨|거절|반려|싫(?:어|어요|습니다)?|(?:수정|변경)(?:해|해줘|해주세요)?|취소|다시|ㄴㄴ|노)(?=$|[\s,.!~])/iu;
const HARMLESS_NO = /^no\s+(?:problem|objection|worr|issue|doubt|need|idea|opinion|rush|hurry)/iu;

/** Words that approve even where a remark follows them ("Approved, Next.js please"). */
const STRONG =
  /^(?:approved?|lgtm|proceed|승인(?:합니다|해|해요|할게|할게요|함|해줘|해주세요|드립니다)?|진행(?:해|해요|해줘|해주세요|합니다|하자|하시죠|하죠|하세요|시켜|시켜줘|부탁|부탁해|부탁해요|부탁드립니다|부탁드려요|바랍니다)?)$/iu;
/** Words that are a yes by themselves, and mere politeness ("Ok, let me read it first") where others follow them. */
const WEAK =
  /^(?:y|yes|yep|yeah|yup|ok|okay|sure|accept(?:ed)?|agree[d]?|go|do-it|go-ahead|looks-good|sounds-good|네+|넵|넹|예|응|그래(?:요)?|좋아(?:요)?|좋습니다|좋네요|오케이|콜|동의(?:합니다|해|해요)?|ㅇㅇ|ㅇㅋ)$/iu;
/** Words that add nothing to a yes. */
const FILLER =
  /^(?:please|pls|thanks|thank-you|thx|and|it|this|that|the|design|plan|proposal|choice|option|number|let's|lets|with|to|me|i|we|for|all|great|perfect|fine|good|nice|now|build|begin|start|실행|그렇게|이대로|그대로|그럼|해|해요|해줘|해주세요|하세요|하자|하죠|합시다|가자|갑시다|할게|할게요|선택|선택할게요|부탁|부탁해|부탁해요|부탁드립니다|부탁드려요|감사|감사합니다|감사해요|고마워|고마워요|줘|주세요|바로|설계|설계를|설계로|설계대로|시작|시작해|시작해줘|시작해주세요|으로|로|개발|개발해|개발해줘)$/iu;
const PHRASES: readonly [RegExp, string][] = [
  [/\bgo\s+ahead\b/giu, "go-ahead"],
  [/\bdo\s+it\b/giu, "do-it"],
  [/\b(?:looks|sounds)\s+(?:good|great|fine)\b/giu, "looks-good"],
  [/\bthank\s+you\b/giu, "thank-you"],
  [/([1-9])\s+번/gu, "$1번"],
  [/\bno\.\s*(?=[1-9])/giu, "#"],
];
const NUMBER = /^#?([1-9])(?:번(?:으로요|으로|이요|이에요|입니다|요|을|안으로)?(.*))?$/u;

/** Anything in a remark that may take the yes back, bind it to a condition, change the design, or put the answer off. */
const TURNS_EN =
  /n['’]t\b|\b(?:no|not|none|never|nothing|without|neither|nor|dont|cannot|but|except|however|unless|although|though|yet|chang\w*|instead|first|before|after|once|until|till|if|when|wait|hold|stop|pause|why|what|how|which|who|where|question\w*|explain\w*|describe|show|tell|later|only|rather|fix\w*|remov\w*|drop|replac\w*|add\w*|revis\w*|rework|rethink|redo|edit\w*|modif\w*|updat\w*|renam\w*|wrong|bad|incorrect|mistake\w*|missing|sorry|oops|actually|maybe|perhaps|think\w*|thought\w*|guess|h+m+|consider\w*|check\w*|review\w*|read\w*|see|look\w*|let\s+me|moment|minute|second|cancel\w*|reject\w*|undo|other|another|different|should|could|would|can|may|might|must|need\w*|or|vs|typo|kidding|is|are|was|were)\b/iu;
const TURNS_KO =
  /하지만|그런데|근데|다만|말고|대신|빼|바꿔|바꾸|수정|변경|먼저|우선|잠깐|잠시|기다|전에|이후|다음|나중|질문|설명|왜|뭐|무엇|어떻|어떤|어느|추가|삭제|제거|고쳐|고치|다시|아니|아직|않|안\s|못|없|지\s?마|말아|말라|싫|취소|거절|반려|만약|경우|하면|되면|으면|려면|생각|검토|확인|고민|글쎄|모르|일단|틀|잘못|이상|문제|혹시|까요|나요|인가|는지|을지|보고|볼게|해야/u;

/**
 * Reads a person's words as an answer to an open question. A yes is a number or an approving word that stands by itself,
 * or with a remark that takes nothing back; every word is accounted for. Whatever else is unclear and is asked again: a
 * gate must not open on a guess.
 */
export function readAnswer(text: string, choices: readonly Choice[]): Answer {
  const typed = text.normalize("NFC").trim();
  const exact = choices.find(({ label, number }) =>
    [label, `${number}. ${label}`, `${number}) ${label}`].includes(typed),
  );
  if (exact) return answerOf(exact);

  const said = phrased(typed);
  if (said.includes("?")) return UNCLEAR;
  const { head, remark } = split(said);
  const read = readWords(head, choices);
  if (!read) return NO.test(said) ? readNo(said) : UNCLEAR;
  if (remark === "") return read.answer;
  // "yes, option 2", "네, 진행해 주세요": the remark is an answer too, and both have to agree.
  const second = readWords(remark, choices);
  if (second) return agree(read, second);
  if (!read.firm || remark.length > REMARK_MAX || turns(remark) || namesChoice(remark)) return UNCLEAR;
  return read.answer;
}

interface Reading {
  answer: Answer;
  /** A number or a word that means approval alone, so that a remark may follow. */
  firm: boolean;
  numbered: boolean;
}

/** Reads words that are all numbers, approvals and fillers; undefined where one is anything else, or none decides. */
function readWords(text: string, choices: readonly Choice[]): Reading | undefined {
  const numbers = new Set<number>();
  let strong = false;
  let weak = false;
  for (const word of wordsOf(text)) {
    const number = word.match(NUMBER);
    const suffix = number?.[2] ?? "";
    if (number && (suffix === "" || STRONG.test(suffix) || FILLER.test(suffix))) numbers.add(Number(number[1]));
    else if (STRONG.test(word)) strong = true;
    else if (WEAK.test(word)) weak = true;
    else if (!FILLER.test(word)) return undefined;
  }
  if (numbers.size === 0)
    return strong || weak ? { answer: { verdict: "yes" }, firm: strong, numbered: false } : undefined;
  const chosen = choices.filter((choice) => numbers.has(choice.number));
  const [only] = chosen;
  if (numbers.size > 1 || !only) return { answer: UNCLEAR, firm: false, numbered: true };
  // "네, 5번" where 5 is the no: the person said both.
  const contradicts = only.verdict === "no" && (strong || weak);
  return { answer: contradicts ? UNCLEAR : answerOf(only), firm: true, numbered: true };
}

function agree(first: Reading, second: Reading): Answer {
  if (first.answer.verdict !== second.answer.verdict) return UNCLEAR;
  const twoChoices = first.numbered && second.numbered && first.answer.qaStrategy !== second.answer.qaStrategy;
  if (twoChoices) return UNCLEAR;
  return second.numbered ? second.answer : first.answer;
}

/** A no is a no, unless the same breath says yes ("no problem, go ahead"). */
function readNo(said: string): Answer {
  if (HARMLESS_NO.test(said)) return UNCLEAR;
  const rest = said.replace(NO, "");
  const negated = /n['’]t\b|\b(?:not|never|dont)\b|지\s?마|않|안\s|못/iu.test(rest);
  const alsoYes = wordsOf(rest).some((word) => STRONG.test(word) || WEAK.test(word) || NUMBER.test(word));
  if (alsoYes && !negated) return UNCLEAR;
  return { verdict: "no" };
}

function turns(remark: string): boolean {
  return TURNS_EN.test(remark) || TURNS_KO.test(remark);
}

function namesChoice(remark: string): boolean {
  return wordsOf(remark).some((word) => NUMBER.test(word));
}

/** One form for full-width digits and marks, no quotation marks around it, fixed phrases as one word. */
function phrased(typed: string): string {
  // Trailing dots are a hesitation and no end of a sentence: they stay part of their word. No NFKC here, it would take
  // single jamo ("ㅇㅇ") apart from the letters people type.
  const halfWidth = typed.replace(/[！-～]/gu, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0));
  const plain = halfWidth.replaceAll("…", "...").replace(/^["'“”‘’`*\s]+|["'“”‘’`*\s]+$/gu, "");
  return PHRASES.reduce((said, [pattern, word]) => said.replace(pattern, word), plain);
}

/** "1번으로, Next.js로" is the choice 1 with a remark: what stands before the first mark decides. */
function split(said: string): { head: string; remark: string } {
  const mark = said.search(/[,;:\n]|[.!)~]+\s|\s[-–—]+\s/u);
  if (mark < 0) return { head: said, remark: "" };
  return {
    head: said.slice(0, mark),
    remark: said
      .slice(mark)
      .replace(/^[,;:.!)~\s–—-]+/u, "")
      .trim(),
  };
}

function wordsOf(text: string): string[] {
  return text
    .split(/[\s,;]+/u)
    .map((word) => (/\.\.$/u.test(word) ? word : word.replace(/[.!)~]+$/u, "")))
    .filter((word) => word !== "");
}

function answerOf(choice: Choice): Answer {
  return choice.qaStrategy ? { verdict: choice.verdict, qaStrategy: choice.qaStrategy } : { verdict: choice.verdict };
}
