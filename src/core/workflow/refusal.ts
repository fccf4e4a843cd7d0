/** An expected no. A value, not an exception: what was refused, why, and what to do next. */
export interface Refusal {
  code: string;
  /** What happened and where. */
  happened: string;
  /** The step that leads on. */
  next: string;
}

export function refusal(code: string, happened: string, next: string): Refusal {
  return { code, happened, next };
}

/** One paragraph a model and a person can both read. */
export function renderRefusal(refused: Refusal): string {
  return `Refused (${refused.code}): ${refused.happened}\nNext step: ${refused.next}`;
}
