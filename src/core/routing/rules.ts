import type { FusionMode } from "./verdict.ts";

/** Where a rule or an override sends work. */
export interface Target {
  provider: string;
  /** Without it the provider's model of the agent's tier. */
  model?: string | undefined;
}

/** A line of the rules: all conditions that are given must hold. */
export interface RoutingRule {
  name: string;
  when: {
    /** Plain names; `*` stands for any letters. */
    agent?: readonly string[] | undefined;
    /** Words, one of which is in the task's text; case does not count. */
    task?: readonly string[] | undefined;
    /** Local time, "HH:MM"; a span may go over midnight. */
    time?: { from: string; to: string } | undefined;
    /** Percent of the primary's limit. An unknown utilisation fulfils no such condition. */
    utilisation?: { atLeast?: number | undefined; below?: number | undefined } | undefined;
    mode?: readonly FusionMode[] | undefined;
  };
  to: Target;
}

/** What a rule is held against. */
export interface RuleFacts {
  mode: FusionMode;
  /** The task's text, lower case. */
  task: string;
  /** Minutes since local midnight; undefined where nobody knows: no condition on time holds then. */
  minute: number | undefined;
  /** Percent; undefined where unknown. */
  utilisation: number | undefined;
}

/** A rule made ready: the agent is compared when the policy is made, the rest at each decision. */
interface ReadyRule {
  name: string;
  to: Target;
  /** Whether it is about certain words of the task. */
  worded: boolean;
  holds(facts: RuleFacts): boolean;
}

/** The rules that are about one agent, in order. */
export class AgentRules {
  private readonly rules: readonly ReadyRule[];
  /** Matches a task that has any of the rules' words: most tasks have none, and one look tells. */
  private readonly anyWord: RegExp | undefined;

  constructor(rules: readonly RoutingRule[]) {
    this.rules = rules.map(readyRule);
    const words = rules.flatMap(({ when }) => when.task ?? []).map((word) => escaped(word.toLowerCase()));
    this.anyWord = words.length === 0 ? undefined : new RegExp(words.join("|"));
  }

  get none(): boolean {
    return this.rules.length === 0;
  }

  /** Where the rules lead, whether they hold or not. */
  get targets(): string[] {
    return this.rules.map(({ to }) => to.provider);
  }

  /** The first rule that holds. */
  first(facts: RuleFacts): Pick<ReadyRule, "name" | "to"> | undefined {
    const worded = this.anyWord?.test(facts.task) ?? false;
    for (const rule of this.rules) if ((worded || !rule.worded) && rule.holds(facts)) return rule;
    return undefined;
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** True where a rule's names mean this agent. */
export function meansAgent(rule: RoutingRule, agent: string): boolean {
  return rule.when.agent?.some((pattern) => fits(pattern.toLowerCase(), agent)) ?? true;
}

/** `*` matches any letters, everything else itself. Iterative, so that no pattern can be slow. */
function fits(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return pattern === text;
  const last = parts.at(-1) ?? "";
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Makes a rule's conditions ready, times read once. */
function readyRule({ name, when, to }: RoutingRule): ReadyRule {
  const words = when.task?.map((word) => word.toLowerCase());
  const span = when.time && { from: minuteOf(when.time.from), to: minuteOf(when.time.to) };
  const { utilisation, mode } = when;
  return {
    name,
    to,
    worded: words !== undefined,
    holds(facts) {
      if (mode && !mode.includes(facts.mode)) return false;
      if (span && !within(span, facts.minute)) return false;
      if (utilisation && !inRange(utilisation, facts.utilisation)) return false;
      return words === undefined || words.some((word) => facts.task.includes(word));
    },
  };
}

function inRange(range: { atLeast?: number | undefined; below?: number | undefined }, percent: number | undefined) {
  if (percent === undefined) return false;
  return percent >= (range.atLeast ?? 0) && percent < (range.below ?? Number.POSITIVE_INFINITY);
}

function within({ from, to }: { from: number; to: number }, minute: number | undefined): boolean {
  if (minute === undefined) return false;
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** "HH:MM" as minutes since midnight. The schema has judged the text. */
function minuteOf(text: string): number {
  const [hours = "0", minutes = "0"] = text.split(":");
  return Number(hours) * 60 + Number(minutes);
}
