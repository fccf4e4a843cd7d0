import { expect, it } from "vitest";
import { ShellCalls } from "../../../plugin/hooks/shellCalls.ts";
import type { SwarmServices } from "../../../src/runtime/services.ts";
import { alive, inMonitoring } from "../../core/workflow/scenario.ts";

/** A sandbox whose calls find, each at its end, what lies outside and take it away. */
function shellCalls() {
  const outside = new Set<string>();
  const state = alive(inMonitoring);
  const services = {
    swarm: { state },
    projectDir: "/p",
    trees: { dirOf: () => undefined },
    log: () => undefined,
    sandbox: {
      prepare: async () => ({
        env: {},
        settle: async () => {
          const found = [...outside];
          await new Promise((resolve) => setTimeout(resolve, 1));
          for (const path of found) outside.delete(path);
          return found;
        },
      }),
    },
  } as unknown as SwarmServices;
  const [one, two] = state.workers;
  if (!one || !two) throw new Error("two Workers are expected");
  return { calls: new ShellCalls(services), outside, one, two };
}

it("what calls of one Worker left side by side is told to each of them, and to nobody else's call", async () => {
  const { calls, outside, one, two } = shellCalls();
  await calls.prepare({ role: "worker", worker: one }, "a");
  await calls.prepare({ role: "worker", worker: one }, "b");
  await calls.prepare({ role: "worker", worker: two }, "c");
  outside.add("docs/b.md");
  const [a, b] = await Promise.all([calls.settle("a"), calls.settle("b")]);
  expect([a, b]).toEqual([["docs/b.md"], ["docs/b.md"]]);
  expect(await calls.settle("c")).toEqual([]);
  // A call that begins afterwards has nothing to do with it.
  await calls.prepare({ role: "worker", worker: one }, "d");
  expect(await calls.settle("d")).toEqual([]);
  expect(await calls.settle("a")).toEqual([]);
});
