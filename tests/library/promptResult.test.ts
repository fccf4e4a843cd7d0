import { describe, expect, onTestFinished, test } from "vitest";
import { Deadline } from "../../src/library/promptResult.ts";

const forever = new Promise<never>(() => undefined);

/** What a prompt comes to whose work is `work`, under a deadline that is cleared with the test. */
async function outcome(ms: number, caller: AbortSignal | undefined, work: Promise<unknown> = forever) {
  const deadline = new Deadline(ms, caller);
  onTestFinished(() => deadline.clear());
  return await deadline.race(work).catch((error: unknown) => deadline.failed(error));
}

describe("a prompt's deadline", () => {
  test("its time is a failure with the exit code of timeout(1)", async () => {
    expect(await outcome(5, new AbortController().signal)).toMatchObject({
      exitCode: 124,
      stderr: "No answer within 0.005 s.",
      failure: { kind: "timeout" },
    });
  });

  test("the caller's stop is no timeout, and says why", async () => {
    const caller = new AbortController();
    caller.abort(new Error("not needed any more"));
    expect(await outcome(60_000, caller.signal)).toMatchObject({
      exitCode: 130,
      stderr: "not needed any more",
      failure: { kind: "cancelled" },
    });
  });

  test("what fails in time says why itself", async () => {
    expect(await outcome(60_000, undefined, Promise.reject(new Error("no server")))).toMatchObject({
      exitCode: 1,
      stderr: "no server",
      failure: { kind: "unknown" },
    });
  });
});
