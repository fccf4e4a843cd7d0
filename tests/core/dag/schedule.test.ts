import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mulberry32 } from "../../../scripts/bench/statistics.ts";
import { fileClash, fileConflicts } from "../../../src/core/dag/fileClash.ts";
import { searchedPlan } from "../../../src/core/dag/orderSearch.ts";
import { type Plan, planOf, startable } from "../../../src/core/dag/schedule.ts";
import { lowerBound } from "./lowerBound.ts";
import { optimum } from "./optimum.ts";
import { clashOf, faultOf, randomDag, simulate, spansOf } from "./randomDag.ts";

/** `AEGIS_DAGS=100000` plays as many; `npm run bench:scheduler` too. */
const RUNS = Number(process.env.AEGIS_DAGS ?? 1_000);
const nobody = new Set<string>();
const node = (id: string, weight: number, ...dependsOn: string[]) => ({ id, weight, dependsOn });

describe("what starts now", () => {
  test("the longest remaining path first, then as given", () => {
    const plan = planOf([node("short", 5), node("long", 1), node("behind", 9, "long"), node("also", 5)], () => false);
    expect(plan.remaining).toEqual([5, 10, 9, 5]);
    expect(startable(plan, { done: nobody, running: nobody }, 2)).toEqual(["long", "short"]);
    expect(startable(plan, { done: new Set(["long"]), running: new Set(["short"]) }, 3)).toEqual(["behind", "also"]);
  });

  test("one that clashes is passed over, not waited for", () => {
    const plan = planOf([node("wide", 9), node("left", 5), node("right", 1)], (a, b) => a === 0 || b === 0);
    expect(startable(plan, { done: nobody, running: new Set(["left"]) }, 3)).toEqual(["right"]);
    expect(startable(plan, { done: nobody, running: nobody }, 3)).toEqual(["wide"]);
  });

  test("what ended is not started, and nothing that waits for it", () => {
    const plan = planOf([node("a", 1), node("b", 1, "a"), node("c", 1)], () => false);
    expect(startable(plan, { done: nobody, running: nobody, ended: new Set(["a"]) }, 9)).toEqual(["c"]);
  });
});

describe("the order", () => {
  test("is the longest remaining path first where nothing ends sooner", () => {
    const plan = planOf([node("short", 5), node("long", 1), node("behind", 9, "long"), node("also", 5)], () => false);
    expect(searchedPlan(plan, 2)).toEqual(plan);
  });

  test("is another where that ends sooner by the weights, and always the same", () => {
    // Threes first leaves a two for the end: 3 + 2 + 2; the threes at one place and the twos at the other take 6.
    const plan = planOf(
      [3, 3, 2, 2, 2].map((weight, at) => node(`t${at}`, weight)),
      () => false,
    );
    expect(makespanOf(plan, 2)).toBe(7);
    expect(makespanOf(searchedPlan(plan, 2), 2)).toBe(6);
    expect(searchedPlan(plan, 2)).toEqual(searchedPlan(plan, 2));
  });

  test("never ends later than the longest remaining path first, and on small graphs seldom later than any", () => {
    let [optimal, all] = [0, 0];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dag = randomDag(mulberry32(seed));
        const plan = planOf(dag.tasks, clashOf(dag.tasks));
        const takes = makespanOf(searchedPlan(plan, dag.places), dag.places);
        expect(takes).toBeLessThanOrEqual(makespanOf(plan, dag.places));
        if (dag.tasks.length > 6) return;
        all += 1;
        const best = optimum(dag, takes);
        expect(best).toBeGreaterThanOrEqual(lowerBound(dag) - 1e-9);
        if (takes <= best) optimal += 1;
      }),
      { numRuns: 300, endOnFailure: true },
    );
    expect(optimal / all).toBeGreaterThan(0.9);
  });
});

/** When the last task ends, each taking its weight. */
function makespanOf(plan: Plan, places: number): number {
  return Math.max(...spansOf(plan, places).map(({ to }) => to));
}

describe("random graphs with overlapping scopes", () => {
  test("never two overlapping at once, nothing before its dependencies, never more than the places", () => {
    const ratios: number[] = [];
    const seeds = fc.integer();
    fc.assert(
      fc.property(seeds, (seed) => {
        const dag = randomDag(mulberry32(seed));
        const spans = simulate(dag);
        expect(faultOf(dag, spans)).toBeUndefined();
        const ratio = Math.max(...spans.map(({ to }) => to)) / lowerBound(dag);
        // Below one the bound would be wrong.
        expect(ratio).toBeGreaterThanOrEqual(1 - 1e-9);
        ratios.push(ratio);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThanOrEqual(1.1);
  });

  test("a schedule that ignored the clashes would be found out", () => {
    const tasks = ["src/api/**", "src/api/index.ts"].map((glob, at) => ({ ...node(`t${at}`, 10), files: [glob] }));
    const [one, other] = tasks;
    if (!one || !other) throw new Error("two tasks");
    const together = [one, other].map((task) => ({ task, from: 0, to: 10 }));
    expect(faultOf({ tasks, places: 2 }, together)).toMatch(/ran at once and both write src\/api\/index.ts/);
    expect(clashOf(tasks)(0, 1)).toBe(true);
    expect(simulate({ tasks, places: 2 }).map(({ from }) => from)).toEqual([0, 10]);
  });
});

describe("conflicts of files", () => {
  test.each([
    ["the same path", [["src/auth.ts"], ["src/auth.ts"]], [{ file: "src/auth.ts", tasks: [0, 1] }]],
    ["a path in a folder", [["src/auth/**"], ["src/auth/login.ts"]], [{ file: "src/auth/login.ts", tasks: [0, 1] }]],
    ["three of them", [["a.ts"], ["b.ts", "a.ts"], ["{a,c}.ts"]], [{ file: "a.ts", tasks: [0, 1, 2] }]],
    ["a protected file", [["opencode.json"], ["opencode.json"]], [{ file: "opencode.json", tasks: [0, 1] }]],
    ["what cannot be decided", [["src/!(a)/**"], ["src/**"]], [{ file: "src/!(a)/**", tasks: [0, 1] }]],
    ["nothing shared", [["src/api/**"], ["src/ui/**"], []], []],
    ["one's own globs", [["src/**", "src/a.ts"]], []],
  ])("%s", (_, files, conflicts) => {
    expect(fileConflicts(files)).toEqual(conflicts);
    expect(files.some((__, a) => files.some((___, b) => a !== b && fileClash(files)(a, b)))).toBe(conflicts.length > 0);
  });
});
