import type { Bus } from "../lib/bus.js";
import type { Notice } from "../types.js";
import { mentionsIn } from "./mentions.js";

export interface Message {
  readonly noticeId: string;
  readonly text: string;
  readonly reason: "mention" | "tag";
}

export interface Inbox {
  /** A member hears of every notice with this tag from now on. */
  follow(member: string, tag: string): void;
  unread(member: string): readonly Message[];
  /** Gives the unread messages and empties the inbox. */
  take(member: string): readonly Message[];
}

/** One inbox per member, filled from the bus: mentions first, then followed tags; never one's own notices. */
export function createInbox(bus: Bus): Inbox {
  const messages = new Map<string, Message[]>();
  const followers = new Map<string, Set<string>>();
  const deliver = (member: string, message: Message) => messages.set(member, [...(messages.get(member) ?? []), message]);

  bus.subscribe((event) => {
    if (event.type !== "posted") return;
    for (const [member, reason] of recipients(event.notice, followers)) {
      deliver(member, { noticeId: event.notice.id, text: `${event.notice.author}: ${event.notice.title}`, reason });
    }
  });
  return {
    follow: (member, tag) => followers.set(tag, (followers.get(tag) ?? new Set()).add(member)),
    unread: (member) => messages.get(member) ?? [],
    take(member) {
      const taken = messages.get(member) ?? [];
      messages.delete(member);
      return taken;
    },
  };
}

function recipients(notice: Notice, followers: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Message["reason"]> {
  const found = new Map<string, Message["reason"]>();
  for (const tag of notice.tags) for (const member of followers.get(tag) ?? []) found.set(member, "tag");
  for (const member of mentionsIn(`${notice.title} ${notice.body}`)) found.set(member, "mention");
  found.delete(notice.author);
  return found;
}
