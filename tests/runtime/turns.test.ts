import { expect, test } from "vitest";
import { type TurnEnd, Turns } from "../../src/runtime/turns.ts";

function watched() {
  const ends: [string, TurnEnd][] = [];
  return { ends, turns: new Turns((session, end) => void ends.push([session, end])) };
}
const ABORTED = "MessageAbortedError";

test("a turn that was aborted before its first byte is known by its message alone", () => {
  const { turns, ends } = watched();
  turns.started("s");
  turns.messageFailed("s", "msg_2", ABORTED);
  turns.idle("s");
  expect(ends).toEqual([["s", { how: "aborted" }]]);
});

test("the same message told again later stops no other turn, a later one does", () => {
  const { turns, ends } = watched();
  turns.started("s");
  turns.messageFailed("s", "msg_2", ABORTED);
  turns.idle("s");
  turns.messageFailed("s", "msg_2", ABORTED);
  turns.started("s");
  turns.messageFailed("s", "msg_2", ABORTED);
  turns.messageFailed("s", "msg_1", ABORTED);
  turns.idle("s");
  turns.started("s");
  turns.messageFailed("s", "msg_4", ABORTED);
  turns.idle("s");
  expect(ends.map(([, { how }]) => how)).toEqual(["aborted", "finished", "aborted"]);
});

test("another error of a message is left to the host's own word about it", () => {
  const { turns, ends } = watched();
  turns.started("s");
  turns.messageFailed("s", "msg_2", "APIError");
  turns.idle("s");
  turns.started("s");
  turns.failed("s", { name: "APIError", message: "gone" });
  turns.idle("s");
  expect(ends.map(([, end]) => end)).toEqual([{ how: "finished" }, { how: "error", message: "APIError: gone" }]);
});

test("whoever waits for the end of a turn hears of it, of a deletion, and of their own signal", async () => {
  const { turns } = watched();
  const never = new AbortController();
  await turns.whenIdle("s", never.signal);
  turns.started("s");
  const order: string[] = [];
  const waits = [turns.whenIdle("s", never.signal), turns.whenIdle("s", never.signal)].map((wait) =>
    wait.then(() => order.push("idle")),
  );
  order.push("busy");
  turns.idle("s");
  await Promise.all(waits);
  expect(order).toEqual(["busy", "idle", "idle"]);
  turns.started("s");
  const forgotten = turns.whenIdle("s", never.signal);
  turns.forget("s");
  await forgotten;
  turns.started("s");
  const stop = new AbortController();
  const stopped = turns.whenIdle("s", stop.signal);
  stop.abort();
  await stopped;
});
