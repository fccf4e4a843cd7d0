import { availableParallelism } from "node:os";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where the files are that start OpenCode: they take up to two minutes each, whatever the size of the file. */
const SLOW = /\/tests\/(?:e2e|offline)\//u;

/** Those that take longest, longest first: a fresh clone does not know yet how long its files take. */
const LONGEST = [
  "e2e/chaos",
  "e2e/doctor",
  "offline/offline",
  "e2e/run",
  "e2e/worktrees",
  "e2e/workers",
  "e2e/commanderFailures",
];

/** Slow files first, so that no long one is left over for the end, when nothing runs beside it. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const named = ({ moduleId }: TestSpecification) =>
      LONGEST.findIndex((name) => moduleId.endsWith(`/tests/${name}.test.ts`));
    const rank = (file: TestSpecification) => {
      const place = named(file);
      if (place >= 0) return place;
      return LONGEST.length + (SLOW.test(file.moduleId) ? 0 : 1);
    };
    // Stable: within a rank the order stays.
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Files at once: one more than cores, since those that drive OpenCode wait a third of their time; more than four only slow each other. */
export const FILES_AT_ONCE = Math.min(4, availableParallelism() + 1);
