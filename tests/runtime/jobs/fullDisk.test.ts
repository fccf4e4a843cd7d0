import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { localEngine } from "../../../src/adapters/jobs/localEngine.ts";
import { identityOf, processPlace } from "../../../src/adapters/processIdentity.ts";
import { taskIdOf } from "../../../src/core/jobs/taskId.ts";
import { hasCode } from "../../../src/ports/thrown.ts";
import { workJobs } from "../../../src/runtime/jobs/workJobs.ts";
import { done, request } from "../../core/jobs/scenario.ts";

/** A file system of its own; undefined where this user may not mount one. */
function smallDisk(): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), "omq-full-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", dir]).status === 0;
  onTestFinished(() => {
    if (mounted) spawnSync("umount", ["-l", dir]);
    rmSync(dir, { recursive: true, force: true });
  });
  return mounted ? dir : undefined;
}

function fill(file: string): void {
  for (const size of [65_536, 4_096, 1])
    for (;;)
      try {
        appendFileSync(file, Buffer.alloc(size));
      } catch (error) {
        if (!hasCode(error, "ENOSPC")) throw error;
        break;
      }
}

test("a full disk refuses new jobs, loses none, and delays an end until there is room", async ({ skip }) => {
  const disk = smallDisk();
  if (disk === undefined) return skip("no tmpfs can be mounted here");
  const root = join(disk, "jobs");
  const ballast = join(disk, "ballast");
  const engine = localEngine({ root, newId: () => taskIdOf(Date.now(), randomBytes(4)), now: () => Date.now() });
  const { task_id } = await engine.enqueue(request);
  const notes: string[] = [];
  const answer = "a whole answer ".repeat(1_000);
  let refusal: unknown;
  const services = {
    engine,
    execute: async (_: unknown, { log }: { log(text: string): void }) => {
      fill(ballast);
      refusal = await engine.enqueue(request).catch((error: unknown) => error);
      log("x".repeat(10_000));
      return { ...done, result: answer };
    },
    watchChanges: async () => undefined,
    onEnd: async () => undefined,
    log: (message: string) => {
      notes.push(message);
      if (message.includes("its end cannot be written yet")) rmSync(ballast, { force: true });
    },
  };
  const runner = { ...identityOf(process.pid), host: "here", place: processPlace(), lease_ms: 15_000 };
  const signal = new AbortController().signal;
  await workJobs(services, { runner, newToken: () => "t", until: "idle", places: 1, signal });

  expect(refusal).toMatchObject({
    kind: "unwritable",
    message: expect.stringContaining(root),
    next: expect.stringContaining("OMQ_RESULTS_DIR"),
  });
  // Nothing of the refused job is there, all of the other is, and what its log misses is said.
  const { jobs, damaged } = await engine.list();
  expect(damaged).toEqual([]);
  expect(jobs).toMatchObject([{ task_id, status: "completed", result: answer, attempt: 1 }]);
  const written = (await engine.readLog(task_id, 0)).text.length;
  expect((jobs[0]?.log_lost ?? 0) + written).toBeGreaterThanOrEqual(10_000);
  if ((jobs[0]?.log_lost ?? 0) > 0) expect(notes.join("\n")).toContain("of its log are lost");
});
