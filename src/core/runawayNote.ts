const REPEATED: Readonly<Record<string, string>> = {
  closingTags: "the same closing tags",
  repeatedToken: "the same word",
  repeatedLine: "the same line",
};

/**
 * Tells a model in plain words that its last answer was cut. `kind` is the gate's word for what it did without end, or
 * "outputLimit".
 */
export function runawayNote(kind: string): string {
  if (kind === "emptyCall") return "Your last answer announced a tool call and made none.";
  if (kind === "outputLimit") {
    return "Your last answer was cut off at the output limit. Write less at once, a large file in several steps.";
  }
  const what = REPEATED[kind];
  return what === undefined
    ? "Your last answer was cut off because it had no end."
    : `Your last answer was cut off because it repeated ${what} without end.`;
}
