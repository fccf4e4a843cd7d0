import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ChatWaitFiles } from "../../../src/adapters/jobs/chatWaitFiles.ts";

const ID = "task-20260101-120000-abcd";
const wait = { task_id: ID, session: "ses_1", agent: "build", project: "/project" };

function place() {
  const root = mkdtempSync(join(tmpdir(), "omq-waits-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const problems: string[] = [];
  const dir = join(root, ".chats");
  const file = join(dir, `${ID}.json`);
  const instance = () => new ChatWaitFiles(root, (message) => problems.push(message));
  /** As if the process that wrote it had ended: no process has a pid above the kernel's limit. */
  const orphan = (name = `${ID}.json`) => {
    const text = readFileSync(join(dir, name), "utf8").replace(/"pid":\d+/, '"pid":99999999');
    writeFileSync(join(dir, name), text);
  };
  return { dir, file, problems, instance, orphan, names: () => (existsSync(dir) ? readdirSync(dir).sort() : []) };
}

test("a wait is this instance's until it is told", async () => {
  const { instance, names } = place();
  const mine = instance();
  await mine.add(wait);
  expect(await mine.takeOver("/project")).toEqual([]);
  expect(await mine.claim(ID)).toBe(true);
  expect(await mine.claim(ID)).toBe(false);
  expect(names()).toEqual([`${ID}.telling`]);
  await mine.told(ID);
  expect(names()).toEqual([]);
  expect(await mine.claim(ID)).toBe(false);
});

test("what an ended process left is taken over, by one of those that try, and of its own project alone", async () => {
  const { instance, orphan, names } = place();
  await instance().add(wait);
  orphan();
  expect(await instance().takeOver("/elsewhere")).toEqual([]);
  const [one, other] = [instance(), instance()];
  const found = (await Promise.all([one.takeOver("/project"), other.takeOver("/project")])).flat();
  // Both are of this process, so that the second may take it from the first: still one of them gets to tell.
  expect(found.length).toBeGreaterThan(0);
  expect(found[0]).toEqual({ ...wait, begun: "no" });
  const claims = [await one.claim(ID), await other.claim(ID)];
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(names()).toEqual([`${ID}.telling`]);
});

test("a wait whose chat was being told is found again, and says so", async () => {
  const { instance, orphan, names } = place();
  const before = instance();
  await before.add(wait);
  await before.claim(ID);
  const next = instance();
  expect(await next.takeOver("/project")).toEqual([{ ...wait, begun: "here" }]);
  await next.claim(ID);
  orphan(`${ID}.telling`);
  const later = instance();
  expect(await later.takeOver("/project")).toEqual([{ ...wait, begun: "gone" }]);
  expect(names()).toEqual([`${ID}.json`]);
});

test("nothing is lost where a process ends while it takes a wait over", async () => {
  const { dir, file, instance, orphan } = place();
  await instance().add(wait);
  orphan();
  renameSync(file, join(dir, `.taken-${ID}-0123456789abcdef`));
  expect(await instance().takeOver("/project")).toEqual([{ ...wait, begun: "gone" }]);
});

test("files of before, and others, are read or passed over", async () => {
  const { dir, file, problems, instance } = place();
  await instance().add({ ...wait, task_id: "task-20260101-120000-zzzz" });
  writeFileSync(file, JSON.stringify({ ...wait, owner: { pid: 99_999_999, started: "1" } }));
  writeFileSync(join(dir, "task-20260101-120000-torn.json"), '{"task');
  writeFileSync(join(dir, "notes.json"), "{}");
  const found = await instance().takeOver("/project");
  expect(found.map(({ task_id, begun }) => [task_id, begun])).toEqual([
    [ID, "no"],
    ["task-20260101-120000-zzzz", "no"],
  ]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain("torn.json");
});
