import { clashOf, type RandomDag } from "./randomDag.ts";

/**
 * The shortest time in which a small graph can be done, by trying every order in which its tasks can be put, each at the
 * earliest time that those before it leave: one of these schedules is as short as any, waiting on purpose included.
 *
 * @param atMost a time that some schedule takes: only shorter ones are looked for
 */
export function optimum({ tasks, places }: RandomDag, atMost: number): number {
  const clash = clashOf(tasks);
  const index = new Map(tasks.map(({ id }, at) => [id, at]));
  const before = tasks.map(({ dependsOn }) => dependsOn.map((id) => index.get(id) ?? 0));
  const spans: { at: number; from: number; to: number }[] = [];
  let best = atMost;
  const put = (end: number): void => {
    if (end >= best) return;
    if (spans.length === tasks.length) best = end;
    for (const [at, { weight }] of tasks.entries()) {
      if (spans.some((span) => span.at === at)) continue;
      const waits = (before[at] ?? []).map((other) => spans.find((span) => span.at === other)?.to);
      if (waits.includes(undefined)) continue;
      const ready = Math.max(0, ...waits.map((to) => to ?? 0));
      const from = [ready, ...spans.map(({ to }) => to).filter((to) => to > ready)]
        .sort((a, b) => a - b)
        .find((start) => fits(at, start, start + weight));
      if (from === undefined) continue;
      spans.push({ at, from, to: from + weight });
      put(Math.max(end, from + weight));
      spans.pop();
    }
  };
  const fits = (at: number, start: number, end: number): boolean => {
    const beside = spans.filter(({ from, to }) => from < end && start < to);
    if (beside.some((other) => clash(at, other.at))) return false;
    // Most that run at once within the time: at its start, or where one of them begins.
    return [start, ...beside.map(({ from }) => from)]
      .filter((time) => time >= start && time < end)
      .every((time) => beside.filter(({ from, to }) => from <= time && time < to).length < places);
  };
  put(0);
  return best;
}
