import { z } from "zod";

/** What a person at the command line asks of the process that drives the swarm. `at` is ms since the epoch. */
export const inboxMessageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("resume"), swarm: z.string().min(1), at: z.number() }),
  z.object({ type: z.literal("abort"), swarm: z.string().min(1), at: z.number(), reason: z.string().min(1) }),
]);
export type InboxMessage = z.infer<typeof inboxMessageSchema>;

/** Messages between two processes of one project; they survive both. */
export interface Inbox {
  /** Leaves a message that a reader sees whole or not at all. Returns its name. */
  send(message: InboxMessage): Promise<string>;
  /** Takes a message back. False where it was carried out, or refused, already. */
  withdraw(name: string): Promise<boolean>;
  /**
   * Hands over what lies there and whatever comes, oldest first, one at a time, until the returned function is called.
   * A message is removed once `carryOut` resolves with "done"; "not-mine" leaves it for another process. What cannot be
   * read as a message is moved aside, and told to `report` like every failure.
   */
  receive(
    carryOut: (message: InboxMessage) => Promise<"done" | "not-mine">,
    report: (problem: string, error?: unknown) => void,
  ): Promise<() => void>;
}
