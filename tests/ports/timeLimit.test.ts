import { getEventListeners } from "node:events";
import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { TimeLimit, withinTime } from "../../src/ports/timeLimit.ts";
import { collectGarbage } from "../garbage.ts";

const forever = () => new Promise<never>(() => undefined);

describe("a time limit", () => {
  test("ends work that minds no signal, and says after what", async () => {
    await expect(withinTime(5, [], forever)).rejects.toMatchObject({
      name: "TimeoutError",
      message: "No answer within 0.005 s.",
    });
  });

  test("ends with another signal, for that one's reason, also one that was over before", async () => {
    const outer = new AbortController();
    const ended = expect(withinTime(60_000, outer.signal, forever)).rejects.toThrow("enough");
    outer.abort(new Error("enough"));
    await ended;
    let begun = false;
    const late = withinTime(60_000, [new AbortController().signal, outer.signal], async () => {
      begun = true;
    });
    await expect(late).rejects.toThrow("enough");
    expect(begun).toBe(false);
  });

  test("gives what the work comes to, and leaves nothing behind", async () => {
    const outer = new AbortController();
    expect(await withinTime(60_000, outer.signal, async () => 7)).toBe(7);
    await expect(withinTime(60_000, outer.signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(getEventListeners(outer.signal, "abort")).toEqual([]);
  });

  test("a longer time than a timer takes is not over at once", async () => {
    const limit = new TimeLimit(10 ** 11);
    expect(await limit.race(new Promise((resolve) => setTimeout(resolve, 5, "there")))).toBe("there");
    expect(limit.expired).toBe(false);
    limit.clear();
  });

  test("is heard of after a garbage collection, which AbortSignal.any of an AbortSignal.timeout is not on Node 20", async () => {
    const silent = createServer((socket) => socket.on("error", () => undefined));
    await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void silent.close());
    const address = silent.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
    let heard = false;
    const request = withinTime(100, new AbortController().signal, (signal) => {
      signal.addEventListener("abort", () => {
        heard = true;
      });
      return fetch(url, { signal });
    });
    collectGarbage();
    await expect(request).rejects.toMatchObject({ name: "TimeoutError" });
    expect(heard).toBe(true);
  });
});
