import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { claudeWakeFile } from "../../../src/adapters/notify/claudeWake.ts";
import { fileNotifier, noticeFile, readNotices, takeNotices } from "../../../src/adapters/notify/noticeFile.ts";
import { desktopNotifier } from "../../../src/adapters/notify/programs.ts";
import { webhookNotifier } from "../../../src/adapters/notify/webhook.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { jobNotices } from "../../../src/jobNotices.ts";
import { JobNotices } from "../../../src/runtime/jobs/notices.ts";
import { endedJob, failedJob } from "../../core/jobs/ended.ts";

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "omq-notify-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, "bin"));
  return dir;
}

/** A program that keeps what it is called with. */
function recording(dir: string, name: string): () => string {
  const file = join(dir, `${name}.said`);
  const text = `#!/bin/sh\n{ printf '[%s]' "$@"; echo; cat; } >> '${file}'\n`;
  writeFileSync(join(dir, "bin", name), text, { mode: 0o755 });
  return () => (existsSync(file) ? readFileSync(file, "utf8") : "");
}

interface Received {
  body: string;
  headers: IncomingHttpHeaders;
}

/** A real server that answers with these statuses in turn, the last for ever. */
async function receiver(...answers: { status: number; headers?: Record<string, string> }[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += String(piece);
    });
    request.on("end", () => {
      const answer = answers[Math.min(received.length, answers.length - 1)] ?? { status: 200 };
      received.push({ body, headers: request.headers });
      response.writeHead(answer.status, answer.headers).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/hook`, received };
}

/** Everything as configured, told of a job; what failed comes back. */
async function tellAll(dir: string, jobs: object, more: Record<string, string> = {}, job = endedJob()) {
  const notes: string[] = [];
  const env = { PATH: `${join(dir, "bin")}:${process.env.PATH}`, ...more };
  const notices = jobNotices(configSchema.parse({ jobs }), {
    ...{ env, home: dir, root: join(dir, "jobs"), placeOf: () => "/jobs/x/job.json", told: async () => undefined },
    log: (message, error) => void notes.push(`${message}: ${error instanceof Error ? error.message : ""}`),
  });
  notices.tell(job);
  await notices.settled();
  return notes;
}

describe("the webhook", () => {
  test("is signed, and tried again until it is taken", async () => {
    const { url, received } = await receiver(
      { status: 500 },
      { status: 429, headers: { "retry-after": "7" } },
      { status: 200 },
    );
    const waits: number[] = [];
    const wait = async (ms: number) => void waits.push(ms);
    await webhookNotifier({ url, body: "json", secret: "s3cret", wait }).tell(endedJob());
    expect(waits).toEqual([1_000, 7_000]);
    expect(received).toHaveLength(3);
    const { body, headers } = received.at(-1) ?? { body: "", headers: {} };
    const signed = createHmac("sha256", "s3cret").update(`${headers["x-omq-timestamp"]}.${body}`).digest("hex");
    expect(headers["x-omq-signature"]).toBe(`sha256=${signed}`);
    expect(JSON.parse(body)).toMatchObject({ event: "job.ended", task_id: "task-20260122-103000-ab12" });
  });

  test("is not followed elsewhere, and a refusal is no reason to try again", async () => {
    const other = await receiver({ status: 200 });
    const { url, received } = await receiver({ status: 302, headers: { location: other.url } });
    await expect(webhookNotifier({ url, body: "slack" }).tell(endedJob())).rejects.toThrow("HTTP 302");
    expect([received.length, other.received.length]).toEqual([1, 0]);
    expect(received[0]?.headers).not.toHaveProperty("x-omq-signature");
    expect(JSON.parse(received[0]?.body ?? "")).toHaveProperty("text");
  });

  test("that is to be signed is not called without the secret", async () => {
    const dir = folder();
    const { url, received } = await receiver({ status: 200 });
    const webhook = { url, secretEnv: "HOOK_SECRET" };
    const notes = await tellAll(dir, { notify: { webhook } });
    expect(notes).toEqual([expect.stringContaining("HOOK_SECRET is not set")]);
    expect(received).toEqual([]);
    expect(await tellAll(dir, { notify: { webhook } }, { HOOK_SECRET: "x" })).toEqual([]);
    expect(received).toHaveLength(1);
  });
});

describe("as configured", () => {
  test("by default a line in the file; lines are taken once", async () => {
    const dir = folder();
    const file = noticeFile(join(dir, "jobs"));
    expect([readNotices(file), takeNotices(file)]).toEqual(["", ""]);
    expect(await tellAll(dir, {})).toEqual([]);
    await tellAll(dir, {}, {}, failedJob());
    const lines = readNotices(file);
    expect(lines.trim().split("\n")).toEqual([
      expect.stringMatching(/\|0\|COMPLETED$/),
      expect.stringMatching(/\|1\|FAILED$/),
    ]);
    expect([takeNotices(file), readNotices(file)]).toEqual([lines, ""]);
    await tellAll(dir, { notify: { file: false } });
    expect(readNotices(file)).toBe("");
  });

  test("desktop, mail and the user's own command; one that fails hinders none", async () => {
    const dir = folder();
    const [desktop, mail, own] = [recording(dir, "notify-send"), recording(dir, "sendmail"), recording(dir, "own")];
    const bus = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/tmp/none" };
    const jobs = {
      notify: { email: { to: "me@example.com" }, webhook: { url: "http://127.0.0.1:1/none", secretEnv: "NONE" } },
      onComplete: ["own", "$(touch nothing)"],
    };
    const notes = await tellAll(dir, jobs, bus, endedJob({ prompt: "Fix <it>" }));
    expect(notes).toEqual([expect.stringContaining("by webhook")]);
    expect(desktop()).toContain("[--][Job completed][Fix &lt;it&gt;: completed, 45s");
    expect(mail()).toMatch(/^\[-t\]\[-i\]\nTo: me@example\.com\nSubject: /);
    expect(own()).toMatch(/^\[\$\(touch nothing\)\]\n\{.*"task_id":"task-20260122-103000-ab12"/);
    expect(desktopNotifier({ PATH: join(dir, "bin"), XDG_RUNTIME_DIR: dir }, "linux", "en")).toBeUndefined();
    writeFileSync(join(dir, "bin/own"), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
    expect(await tellAll(dir, { onComplete: ["own"] })).toEqual([expect.stringContaining("exit code 3")]);
    expect(await tellAll(dir, { onComplete: ["nobody-has-this"] })).toEqual([expect.stringContaining("not found")]);
  });

  test("the session of Claude Code that started it, and no file outside its folder", async () => {
    const dir = folder();
    const state = join(dir, ".local/state/oh-my-qwencoder");
    await tellAll(dir, {}, {}, endedJob({ asked_by: { via: "claude", session: "abc-1" } }));
    const [line = ""] = readFileSync(claudeWakeFile(state, "abc-1"), "utf8").split("\n");
    expect(JSON.parse(line)).toMatchObject({ status: "completed", text: expect.stringContaining("/jobs/x/job.json") });
    await tellAll(dir, {}, {}, endedJob({ asked_by: { via: "claude", session: "../../../evil" } }));
    await tellAll(dir, { notify: { chat: false } }, {}, endedJob({ asked_by: { via: "claude", session: "quiet" } }));
    expect([existsSync(join(dir, "evil.jsonl")), existsSync(claudeWakeFile(state, "quiet"))]).toEqual([false, false]);
  });
});

test("a job that is told again has one line, and everybody counts as told once all ways are through, also one that fails", async () => {
  const dir = folder();
  const file = noticeFile(join(dir, "jobs"));
  const seen: string[] = [];
  const notices = new JobNotices(
    [
      { name: "broken", tell: () => Promise.reject(new Error("away")) },
      fileNotifier(file),
      { name: "slow", tell: async () => void seen.push("slow") },
    ],
    {
      told: async ({ task_id }) => void seen.push(`told ${task_id}`),
      log: (message) => void seen.push(message),
    },
  );
  const job = endedJob();
  for (const _ of [1, 2]) {
    notices.tell(job);
    await notices.settled();
  }
  expect(readNotices(file).trim().split("\n")).toHaveLength(1);
  expect(seen.slice(-1)).toEqual([`told ${job.task_id}`]);
  expect(seen.filter((line) => line.endsWith("by broken"))).toHaveLength(2);
});
