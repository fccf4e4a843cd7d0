import { expect, it } from "vitest";
import { keptSwarm, keptTask } from "../../src/core/compactedSession.ts";
import { alive, begin, inMonitoring, says } from "./workflow/scenario.ts";

it("gives a helper its question and a Worker its briefing word for word, and how each ends", () => {
  expect(keptTask("worker", "# The project\nPART")).toMatch(/# The project\nPART[\s\S]*end with report_result/u);
  expect(keptTask("scout", "Where?")).toMatch(/Where\?[\s\S]*your last words are the answer/u);
});

it("gives the Commander phase, next step, design and Workers", () => {
  const kept = keptSwarm(alive(inMonitoring));
  expect(kept).toMatch(/Phase monitoring\. Next step: .*await_workers/u);
  expect(kept).toMatch(/Design, revision 1 \(approved\)\nA shop/u);
  expect(kept).toMatch(/- w01 cart: src\/cart\/\*\*/u);
});

it("says what is missing where nothing is agreed yet", () => {
  const kept = keptSwarm(alive([begin(), says("build a shop")]));
  expect(kept).toContain("propose_design");
  expect(kept).not.toContain("# Workers");
});
