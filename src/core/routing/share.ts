/**
 * A number in [0, 1) that is the same for the same agent and session in every process: FNV-1a over the UTF-16 code units,
 * then the finisher of MurmurHash3, without which names that differ in their last letter lie side by side.
 */
export function placeOf(agent: string, session: string): number {
  let hash = fnv(0x811c9dc5, agent);
  hash = fnv(Math.imul(hash ^ 0x1f, 0x01000193), session);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}

function fnv(seed: number, text: string): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** The share of the work that leaves the primary in the hybrid zone: 0 at its beginning, 1 at the limit, linear between. */
export function shareAway(percent: number, from: number, limit: number): number {
  if (percent < from) return 0;
  return limit <= from ? 1 : Math.min(1, (percent - from) / (limit - from));
}
