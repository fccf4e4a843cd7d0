/** Words by which a person asks to go without a design; `workflow.skipPhrases` adds to them. Matched without case. */
export const SKIP_PHRASES: readonly string[] = [
  "skip the design",
  "skip design",
  "without a design",
  "no design needed",
  "just do it",
  "바로 진행",
  "바로 시작",
  "설계 없이",
  "설계 생략",
  "설계는 생략",
];
