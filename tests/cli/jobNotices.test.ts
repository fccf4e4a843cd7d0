import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { claudeWakeFile } from "../../src/adapters/notify/claudeWake.ts";
import { newLines } from "../../src/adapters/notify/watchLines.ts";
import { commands } from "../../src/cli/commands.ts";
import { runCli } from "../../src/cli/program.ts";
import { cli, makeWorld, put, recordIo } from "./io.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const SETTLED = { timeout: 60_000, interval: 50 };

/** A project whose `opencode` plays a recorded run. */
function world() {
  const { dir, project, home, env: base } = makeWorld();
  const script = path("../adapters/programs/scripted.mjs");
  const played = path("../fixtures/cli/opencode-success.json");
  const text = `#!/bin/sh\nSCRIPTED=${played} exec ${process.execPath} ${script} "$@"\n`;
  chmodSync(put(join(dir, "bin", "opencode"), text), 0o755);
  const env = { ...base, PATH: `${join(dir, "bin")}:${base.PATH}` };
  const run = (...argv: string[]) => cli(["job", ...argv], { env, cwd: project });
  return { project, home, env, run, file: join(home, ".local/state/oh-my-qwencoder/jobs/notifications") };
}

test("the end of a job: a line, a watcher, the session that asked; notifications are shown and cleared", async () => {
  const { project, home, env, run, file } = world();
  expect(await run("notifications")).toMatchObject({ code: 0, out: "", err: "No notifications.\n" });
  const stop = new AbortController();
  const watcher = recordIo({ env, cwd: project, signal: stop.signal });
  const watching = runCli(["job", "watch", "--json"], watcher.io, commands, "0.0.0-test");
  await expect.poll(() => watcher.err(), SETTLED).toContain("Waits for jobs");
  const { out } = await run("start", "Explain it", "--claude-session", "c-1", "--json");
  const { task_id: id }: { task_id: string } = JSON.parse(out);
  await expect.poll(() => watcher.out(), SETTLED).toContain(id);
  expect(JSON.parse(watcher.out())).toMatchObject({ task_id: id, exit_code: 0, status: "completed" });
  stop.abort();
  expect(await watching).toBe(0);
  expect(readFileSync(file, "utf8")).toMatch(new RegExp(`^[\\d:.TZ-]+\\|${id}\\|0\\|COMPLETED\n$`));
  expect((await run("notifications", "--lang", "ko")).out).toContain(`${id}  완료 (0)`);
  expect((await run("notifications", "--clear")).out).toContain(`${id}  completed (0)`);
  expect((await run("notifications", "--json")).out).toContain('"notifications": []');
  const state = join(home, ".local/state/oh-my-qwencoder");
  await expect.poll(() => readFileSync(claudeWakeFile(state, "c-1"), "utf8"), SETTLED).toContain(id);
});

test("a watcher says that there is nothing to watch", async () => {
  const { project, run } = world();
  writeFileSync(join(project, "aegis.jsonc"), JSON.stringify({ jobs: { notify: { file: false } } }));
  expect(await run("watch")).toMatchObject({ code: 1, err: expect.stringContaining("jobs.notify.file is false") });
});

test("new lines of a file that comes late, is emptied and replaced; half a line waits for its end", async () => {
  const { project } = world();
  const file = join(project, "new", "lines");
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const seen: string[] = [];
  const reading = (async () => {
    for await (const line of newLines(file, stop.signal)) seen.push(line);
  })();
  mkdirSync(join(project, "new"), { recursive: true });
  appendFileSync(file, "one\ntw");
  await expect.poll(() => seen, SETTLED).toEqual(["one"]);
  appendFileSync(file, "o\n");
  await expect.poll(() => seen, SETTLED).toEqual(["one", "two"]);
  renameSync(file, `${file}.old`);
  appendFileSync(file, "three\n");
  await expect.poll(() => seen, SETTLED).toEqual(["one", "two", "three"]);
  writeFileSync(file, "");
  appendFileSync(file, "4\n");
  await expect.poll(() => seen, SETTLED).toEqual(["one", "two", "three", "4"]);
  stop.abort();
  await reading;
});
