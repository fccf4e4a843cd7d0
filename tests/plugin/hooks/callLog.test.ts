import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CallLog, type HostCall } from "../../../plugin/hooks/callLog.ts";
import { callLineSchema } from "../../../src/core/view/callLine.ts";

function begin(roleOf: (session: string) => Promise<string>) {
  const projectDir = mkdtempSync(join(tmpdir(), "aegis-calls-"));
  onTestFinished(() => rmSync(projectDir, { recursive: true, force: true }));
  const problems: string[] = [];
  const log = new CallLog({ projectDir, log: (message) => problems.push(message) }, roleOf);
  const file = join(projectDir, ".aegis/calls.jsonl");
  const lines = () =>
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => callLineSchema.parse(JSON.parse(line)));
  return { log, lines, file, problems };
}

const call = (status: string, more: Partial<HostCall> = {}): HostCall => ({
  ...{ session: "ses_w", call: "c1", tool: "bash", args: { command: "API_KEY=abcdef123456 npm test" }, status },
  time: status === "completed" || status === "error" ? { start: 1_000, end: 1_500 } : { start: 1_000 },
  ...more,
});

test("a call has a line when it begins and one when it ends, however often the host tells of it", async () => {
  const { log, lines } = begin(async () => "worker");
  for (const status of ["pending", "running", "running", "running", "completed"]) await log.seen(call(status));
  await log.seen(call("error", { call: "c2" }));
  expect(lines().map(({ call: id, state }) => [id, state])).toEqual([
    ["c1", "began"],
    ["c1", "ended"],
    ["c2", "ended"],
  ]);
  expect(lines()[1]).toMatchObject({ role: "worker", tool: "bash", start: 1_000, end: 1_500, ok: true });
  expect(lines()[2]).toMatchObject({ ok: false });
});

test("a call that started a session names it, also where only its beginning said which", async () => {
  const { log, lines } = begin(async () => "worker");
  await log.seen(call("running", { tool: "task" }));
  await log.seen(call("running", { tool: "task", child: "ses_s" }));
  await log.seen(call("error", { tool: "task" }));
  await log.seen(call("completed", { tool: "task", call: "c2", child: "ses_l" }));
  expect(lines().map((line) => (line.state === "ended" ? line.child : null))).toEqual([null, "ses_s", "ses_l"]);
});

test("no secret of a command is kept", async () => {
  const { log, file } = begin(async () => "worker");
  await log.seen(call("running"));
  expect(readFileSync(file, "utf8")).not.toContain("abcdef123456");
});

test("sessions outside the swarm leave no trace, and a failure harms nobody", async () => {
  const outside = begin(async () => "none");
  await outside.log.seen(call("completed"));
  expect(existsSync(outside.file)).toBe(false);
  const failing = begin(() => Promise.reject(new Error("the host does not say")));
  await failing.log.seen(call("completed"));
  expect(failing.problems).toHaveLength(1);
});
