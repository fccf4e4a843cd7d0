import { availableParallelism } from "node:os";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where the files are that start OpenCode: they take up to two minutes each, whatever the size of the file. */
const SLOW = /\/tests\/(?:e2e|offline)\//u;

/** Slow files first, so that no long one is left over for the end, when nothing runs beside it. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification) => SLOW.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

/** Files at once: one more than cores, since those that drive OpenCode wait a third of their time; more than four only slow each other. */
export const FILES_AT_ONCE = Math.min(4, availableParallelism() + 1);
