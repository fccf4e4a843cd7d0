import type { Bus } from "../lib/bus.js";
import type { Notice, NoticeStore } from "../types.js";

export interface Search {
  /** Notices that hold every word of the query, best first; nothing for an empty query. */
  find(query: string): readonly Notice[];
}

const TITLE_WEIGHT = 3;

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** An index of words kept up to date from the bus. A query's word matches the beginning of a notice's word. */
export function createSearch(bus: Bus, store: NoticeStore): Search {
  const index = new Map<string, Map<string, number>>();
  const add = (notice: Notice) => {
    const weights = new Map<string, number>();
    const count = (words: string[], weight: number) => {
      for (const word of words) weights.set(word, (weights.get(word) ?? 0) + weight);
    };
    count(wordsOf(notice.title), TITLE_WEIGHT);
    count([...wordsOf(notice.body), ...notice.tags], 1);
    index.set(notice.id, weights);
  };
  for (const notice of store.list()) add(notice);
  bus.subscribe((event) => (event.type === "removed" ? index.delete(event.id) : add(event.notice)));

  return {
    find(query) {
      const words = wordsOf(query);
      if (words.length === 0) return [];
      const scored = [...index].flatMap(([id, weights]) => {
        const scores = words.map((word) => scoreOf(word, weights));
        const notice = store.get(id);
        return notice && scores.every((score) => score > 0) ? [{ notice, score: scores.reduce((sum, score) => sum + score, 0) }] : [];
      });
      return scored.sort((a, b) => b.score - a.score).map((hit) => hit.notice);
    },
  };
}

function scoreOf(prefix: string, weights: ReadonlyMap<string, number>): number {
  let score = 0;
  for (const [word, weight] of weights) if (word.startsWith(prefix)) score += weight;
  return score;
}
