import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cycleIn, dagProblem, dagProblemText, dependantsOf } from "../../../src/core/dag/graph.ts";

const node = (id: string, ...dependsOn: string[]) => ({ id, dependsOn });

describe("a graph that cannot be worked through is named", () => {
  test.each([
    [[node("a"), node("a")], 'two tasks are called "a"'],
    [[node("a", "b")], '"a" depends on "b", which is no task of this call'],
    [[node("a", "a")], '"a" waits for itself'],
    [[node("x"), node("a", "b", "x"), node("b", "c"), node("c", "a")], '"a", "b", "c" wait for each other'],
  ])("%j", (nodes, words) => {
    const problem = dagProblem(nodes);
    expect(problem && dagProblemText(problem)).toBe(words);
  });

  test("a sound one has no problem", () => {
    expect(dagProblem([])).toBeUndefined();
    expect(dagProblem([node("a", "b", "b"), node("b")])).toBeUndefined();
  });

  test("a cycle is found exactly where one is, and each of it waits for the next", () => {
    const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const nodes = Array.from({ length: 8 }, (_, at) => ({
          id: String(at),
          dependsOn: pairs.filter(([from]) => from === at).map(([, to]) => String(to)),
        }));
        const cycle = cycleIn(nodes);
        const reach = (from: string, seen: Set<string> = new Set()): Set<string> => {
          for (const next of nodes[Number(from)]?.dependsOn ?? []) if (!seen.has(next)) reach(next, seen.add(next));
          return seen;
        };
        expect(cycle !== undefined).toBe(nodes.some(({ id }) => reach(id).has(id)));
        for (const [at, id] of (cycle ?? []).entries()) {
          expect(nodes[Number(id)]?.dependsOn).toContain(cycle?.[(at + 1) % cycle.length]);
        }
      }),
    );
  });
});

test("dependants over any number of steps", () => {
  const nodes = [node("a"), node("b", "a"), node("c", "b"), node("d"), node("e", "c", "d")];
  expect([...dependantsOf(nodes, ["a"])]).toEqual(["b", "c", "e"]);
  expect([...dependantsOf(nodes, ["e"])]).toEqual([]);
});
