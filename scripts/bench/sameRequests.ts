import type { RawRequest } from "./recorder.ts";

/** Words and everything between them. */
const TOKENS = /[\p{L}\p{N}_-]+|[^\p{L}\p{N}_-]+/gu;
const SHOWN = 120;

/**
 * Whether `other` is what `first` and `second` are, two recordings of one and the same thing. Nothing is normalised but
 * the words in which those two differ from each other (ids, times).
 *
 * @returns undefined where they are the same, else the first difference in words
 */
export function firstDifference(
  first: readonly RawRequest[],
  second: readonly RawRequest[],
  other: readonly RawRequest[],
): string | undefined {
  if (first.length !== second.length)
    return `the two reference runs made ${first.length} and ${second.length} requests`;
  if (other.length !== first.length) return `${other.length} requests instead of ${first.length}`;
  for (const [index, request] of first.entries()) {
    const [again, third] = [second[index], other[index]];
    if (!again || !third) return `request ${index + 1} is missing`;
    const found =
      difference(request.body, again.body, third.body) ??
      difference(headerText(request), headerText(again), headerText(third));
    if (found) return `request ${index + 1}: ${found}`;
  }
  return undefined;
}

function difference(first: string, second: string, other: string): string | undefined {
  const words = (text: string): readonly string[] => text.match(TOKENS) ?? [];
  const [a, b, c] = [words(first), words(second), words(other)];
  if (a.length !== b.length) return "the two reference runs differ in more than words";
  for (let index = 0, at = 0; index < Math.max(a.length, c.length); index += 1) {
    if (a[index] !== c[index] && a[index] === b[index]) {
      const here = (tokens: readonly string[]) =>
        JSON.stringify(
          tokens
            .slice(Math.max(0, index - 8))
            .join("")
            .slice(0, SHOWN),
        );
      return `at character ${at}: ${here(a)} became ${here(c)}`;
    }
    at += a[index]?.length ?? 0;
  }
  return undefined;
}

/** Headers in the order they came, without the length that follows from the body. */
function headerText({ headers }: RawRequest): string {
  return Object.entries(headers)
    .filter(([name]) => name !== "content-length")
    .map(([name, value]) => `${name}: ${String(value)}\n`)
    .join("");
}
