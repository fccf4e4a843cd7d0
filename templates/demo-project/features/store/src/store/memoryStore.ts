import type { Bus } from "../lib/bus.js";
import type { Notice, NoticeStore } from "../types.js";
import { checkedNotice } from "./checkedNotice.js";

/** Keeps notices in memory and announces each change on the bus. `now` gives the time of a new notice. */
export function createMemoryStore(bus: Bus, now: () => Date): NoticeStore {
  const notices = new Map<string, Notice>();
  let count = 0;
  return {
    add(input) {
      const fields = checkedNotice(input);
      count += 1;
      const notice: Notice = { id: `n${count}`, ...fields, createdAt: now().toISOString() };
      notices.set(notice.id, notice);
      bus.publish({ type: "posted", notice });
      return notice;
    },
    get: (id) => notices.get(id),
    list: () => [...notices.values()].reverse().sort(byPinThenAge),
    pin(id, pinned) {
      const found = notices.get(id);
      if (!found) return undefined;
      const notice = { ...found, pinned };
      notices.set(id, notice);
      bus.publish({ type: "changed", notice });
      return notice;
    },
    remove(id) {
      const removed = notices.delete(id);
      if (removed) bus.publish({ type: "removed", id });
      return removed;
    },
  };
}

/** Equal times keep the order they come in, which is newest first. */
function byPinThenAge(a: Notice, b: Notice): number {
  if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
  return b.createdAt.localeCompare(a.createdAt);
}
