/** Number of single-character edits (insert, delete, replace, swap of neighbours) between two short words. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let best = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + same,
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (before[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** How far apart a word and a candidate are; undefined where they are no likeness of each other. */
function distanceOf(word: string, candidate: string): number | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_. ]/g, "");
  const distance = editDistance(plain(word), plain(candidate));
  return distance <= Math.max(1, Math.floor(candidate.length / 3)) ? distance : undefined;
}

/**
 * The candidate a person most likely meant by `word`: letter case and separators are ignored, and up to a third of the
 * letters may differ. Undefined when nothing is near.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  // Longer than any key: no need to compare a pasted file letter by letter.
  if (word.length === 0 || word.length > 64) return undefined;
  for (const candidate of candidates) {
    const distance = distanceOf(word, candidate);
    if (distance !== undefined && (!best || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/**
 * The dotted names a person may have meant, the likeliest first: those near the whole word, then those one of whose parts is
 * near its last ("priority" for `gate.priority`).
 *
 * @param most how many
 */
export function nearestOf(word: string, candidates: readonly string[], most: number): string[] {
  if (word.length === 0 || word.length > 64) return [];
  const last = word.split(".").at(-1) ?? word;
  const ranked = candidates.flatMap((candidate) => {
    const whole = distanceOf(word, candidate);
    const part = distanceOf(last, candidate.split(".").at(-1) ?? candidate);
    // A near last part counts behind every near whole name.
    const rank = whole ?? (part === undefined ? undefined : 100 + part);
    return rank === undefined ? [] : [{ candidate, rank }];
  });
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}
