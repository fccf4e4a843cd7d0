import { expect, test, vi } from "vitest";
import { WaitingTitles } from "../../plugin/hooks/waitingTitles.ts";

/** Titles in memory; every call takes a turn of the event loop. */
function host(title: string) {
  const titles = new Map([["s", title]]);
  const renamed: string[] = [];
  return {
    renamed,
    info: async (id: string) => {
      await new Promise((resolve) => setImmediate(resolve));
      const found = titles.get(id);
      return found === undefined ? undefined : { id, title: found };
    },
    rename: async (id: string, to: string) => {
      renamed.push(to);
      titles.set(id, to);
    },
  };
}

test("a title says how many go before, the last word wins, and the title comes back as it was", async () => {
  const sessions = host("w01 cart");
  const titles = new WaitingTitles(sessions, () => undefined);
  titles.waits("s", 4);
  titles.waits("s", 3);
  titles.waits("s", 2);
  await vi.waitFor(() => expect(sessions.renamed.at(-1)).toBe("w01 cart · waiting for the GPU (2 ahead)"));
  titles.waits("s", undefined);
  await vi.waitFor(() => expect(sessions.renamed.at(-1)).toBe("w01 cart"));
});

test("a session that never waited long is left alone, one that is gone is no error", async () => {
  const sessions = host("w01 cart");
  const told: string[] = [];
  const titles = new WaitingTitles(sessions, (message) => told.push(message));
  titles.waits("s", undefined);
  titles.waits("gone", 1);
  titles.waits("s", 1);
  await vi.waitFor(() => expect(sessions.renamed).toEqual(["w01 cart · waiting for the GPU (1 ahead)"]));
  expect(told).toEqual([]);
});

test("a host that refuses is told to the operator, not thrown", async () => {
  const told: string[] = [];
  const refuses = { ...host("x"), rename: () => Promise.reject(new Error("no")) };
  const titles = new WaitingTitles(refuses, (message) => told.push(message));
  titles.waits("s", 1);
  await vi.waitFor(() => expect(told).toHaveLength(1));
});
