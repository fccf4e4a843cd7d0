import { withoutForeignText } from "../routing/ownWords.ts";

/**
 * A configured word in a person's own words: a whole word, in any case; after Korean words a particle may follow. Code, quotes
 * and contents of files are not theirs.
 */
export function handoffWord(message: string, words: readonly string[]): string | undefined {
  const own = withoutForeignText(message).toLowerCase();
  return words.find((word) => {
    const plain = word.trim().toLowerCase();
    if (plain === "") return false;
    const after = /\p{Script=Hangul}$/u.test(plain)
      ? ""
      : "(?![\\p{Script=Latin}\\p{N}_.-]*[\\p{Script=Latin}\\p{N}_])";
    return new RegExp(`(?<![\\p{L}\\p{N}_./-])${escaped(plain)}${after}`, "u").test(own);
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** Of the percents of limits that are known, the highest that has come to the threshold. */
export function handoffThreshold(percents: readonly number[], threshold: number): number | undefined {
  const highest = Math.max(...percents);
  return percents.length > 0 && highest >= threshold ? highest : undefined;
}
