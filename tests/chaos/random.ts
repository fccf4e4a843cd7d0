/** Numbers in [0, 1) that depend on `seed` alone (FNV-1a into mulberry32, both public domain). */
export function rngOf(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The items in an order of the seed's choosing. */
export function shuffled<T>(items: readonly T[], seed: string): T[] {
  const random = rngOf(seed);
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Lines of words, about `bytes` long, that do not repeat: what repeats is cut as a runaway. */
export function variedText(bytes: number, random: () => number): string {
  const lines: string[] = [];
  for (let length = 0; length < bytes; length += 73) {
    lines.push(Array.from({ length: 8 }, () => random().toString(36).slice(2, 10).padEnd(8, "q")).join(" "));
  }
  return `${lines.join("\n")}\n`;
}
