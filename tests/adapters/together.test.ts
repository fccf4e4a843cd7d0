import { expect, it } from "vitest";
import { Together } from "../../src/adapters/together.ts";

/** Runs that end when told, in the order they began. */
function world() {
  const runs: { asked: readonly string[]; end: (answer: string) => void; fail: (error: Error) => void }[] = [];
  const together = new Together<string, string>(
    (asked) => new Promise((resolve, reject) => runs.push({ asked, end: resolve, fail: reject })),
  );
  return { runs, together };
}

it("answers who comes meanwhile together, by a run that begins after the last of them", async () => {
  const { runs, together } = world();
  const first = together.ask("a");
  const later = [together.ask("b"), together.ask("c")];
  expect(runs.map(({ asked }) => asked)).toEqual([["a"]]);
  runs[0]?.end("one");
  expect(await first).toBe("one");
  await expect.poll(() => runs.length).toBe(2);
  expect(runs[1]?.asked).toEqual(["b", "c"]);
  // The second run has begun: what is asked now is not answered by it.
  const last = together.ask("d");
  runs[1]?.end("two");
  expect(await Promise.all(later)).toEqual(["two", "two"]);
  await expect.poll(() => runs.length).toBe(3);
  runs[2]?.end("three");
  expect(await last).toBe("three");
});

it("begins at once where nothing runs, also after a run that failed", async () => {
  const { runs, together } = world();
  const first = together.ask("a");
  const second = together.ask("b");
  runs[0]?.fail(new Error("broken"));
  await expect(first).rejects.toThrow("broken");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.fail(new Error("broken too"));
  await expect(second).rejects.toThrow("broken too");
  await expect.poll(() => runs.length === 3 || void together.ask("c").catch(() => undefined)).toBe(true);
  expect(runs[2]?.asked).toEqual(["c"]);
});

it("asks each by itself where the run for all of them failed: nobody fails for another's question", async () => {
  const asked: string[][] = [];
  const together = new Together<string, string>(async (questions) => {
    asked.push([...questions]);
    if (questions.includes("bad")) throw new Error(`cannot answer ${questions.join()}`);
    return questions.join();
  });
  const all = ["first", "good", "bad"].map((question) => together.ask(question));
  expect(await Promise.allSettled(all)).toMatchObject([
    { value: "first" },
    { value: "good" },
    { reason: { message: "cannot answer bad" } },
  ]);
  expect(asked).toEqual([["first"], ["good", "bad"], ["good"], ["bad"]]);
});
