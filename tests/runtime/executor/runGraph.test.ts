import { describe, expect, test } from "vitest";
import { runGraph, type TaskEnd, TaskGraphError } from "../../../src/runtime/executor/runGraph.ts";

const node = (id: string, ...dependsOn: string[]) => ({ id, dependsOn, weight: 1 });

/** Work that is ended by hand, and what ran when. */
function byHand() {
  const ends = new Map<string, (end: TaskEnd | Error) => void>();
  const started: string[] = [];
  const work = (id: string, signal: AbortSignal) =>
    new Promise<TaskEnd>((resolve, reject) => {
      started.push(id);
      signal.addEventListener("abort", () => resolve({ success: false, error: "cancelled" }));
      ends.set(id, (end) => (end instanceof Error ? reject(end) : resolve(end)));
    });
  const end = async (id: string, how: TaskEnd | Error = { success: true }) => {
    ends.get(id)?.(how);
    // Everything that follows from it is promises alone.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { work, end, started };
}

describe("running a graph", () => {
  test("each starts as soon as it may, not in waves", async () => {
    const { work, end, started } = byHand();
    const nodes = [node("a"), node("b"), node("after-a", "a"), node("after-both", "a", "b")];
    const run = runGraph({ nodes, clash: () => false, places: 9, work });
    await end("none");
    expect(started).toEqual(["a", "b"]);
    await end("a");
    expect(started).toEqual(["a", "b", "after-a"]);
    await end("b");
    expect(started.at(-1)).toBe("after-both");
    await end("after-a");
    await end("after-both");
    expect((await run).map(({ kind, id }) => `${id} ${kind}`)).toEqual(nodes.map(({ id }) => `${id} ran`));
  });

  test("a failure skips what waits for it, with the reason, and the rest goes on", async () => {
    const { work, end, started } = byHand();
    const nodes = [node("a"), node("b"), node("c", "a"), node("d", "c"), node("e", "b")];
    const run = runGraph({ nodes, clash: () => false, places: 2, work });
    await end("none");
    await end("a", { success: false, error: "no" });
    await end("b", new Error("it broke"));
    expect(started).toEqual(["a", "b"]);
    expect(await run).toEqual([
      { kind: "ran", id: "a", end: { success: false, error: "no" } },
      { kind: "threw", id: "b", error: "it broke" },
      { kind: "skipped", id: "c", reason: "not started: it waits for a, which did not complete" },
      { kind: "skipped", id: "d", reason: "not started: it waits for a, which did not complete" },
      { kind: "skipped", id: "e", reason: "not started: it waits for b, which did not complete" },
    ]);
  });

  test("an abort reaches what runs and starts nothing more", async () => {
    const { work, end, started } = byHand();
    const abort = new AbortController();
    const nodes = [node("a"), node("b"), node("c")];
    const run = runGraph({ nodes, clash: () => false, places: 2, signal: abort.signal, work });
    await end("none");
    abort.abort();
    const results = await run;
    expect(started).toEqual(["a", "b"]);
    expect(results.map(({ kind }) => kind)).toEqual(["ran", "ran", "skipped"]);
  });

  test.each([
    [[node("a", "x")], '"a" depends on "x"'],
    [[node("a", "b"), node("b", "a")], '"a", "b" wait for each other'],
    [[node("a"), node("a")], 'two tasks are called "a"'],
  ])("nothing starts where the graph is no graph", async (nodes, words) => {
    const { work, started } = byHand();
    const run = runGraph({ nodes, clash: () => false, places: 2, work });
    await expect(run).rejects.toThrow(TaskGraphError);
    await expect(run).rejects.toThrow(words);
    expect(started).toEqual([]);
  });
});
