import { describe, expect, test } from "vitest";
import { desktopNotice, jobTitle, noticeLine, readNoticeLine, wakeText } from "../../../src/core/jobs/notice.ts";
import { mailMessage, webhookBody } from "../../../src/core/jobs/noticeBodies.ts";
import { afterTry } from "../../../src/core/jobs/webhookRetry.ts";
import { endedJob, failedJob } from "./ended.ts";

describe("the notifications file", () => {
  test("a line a job, which can be read again", () => {
    const line = noticeLine(failedJob());
    expect(line).toBe("2026-01-22T10:30:45.000Z|task-20260122-103000-ab12|1|FAILED");
    expect(readNoticeLine(line)).toEqual({
      ...{ at: "2026-01-22T10:30:45.000Z", task_id: "task-20260122-103000-ab12" },
      ...{ exit_code: 1, status: "failed" },
    });
    for (const other of ["", "a|b|c|d", `${line}|x`, line.replace("FAILED", "RUNNING")])
      expect(readNoticeLine(other)).toBeUndefined();
  });
});

describe("texts", () => {
  test("name the task by its first line, how it ended and after how long", () => {
    expect(desktopNotice(endedJob({ prompt: "Add docstrings\nto all" }), "en")).toEqual({
      title: "Job completed",
      text: "Add docstrings: completed, 45s\ntask-20260122-103000-ab12",
    });
    expect(desktopNotice(failedJob(), "ko").title).toBe("작업 실패");
    expect(jobTitle({ prompt: "x".repeat(200) })).toHaveLength(80);
    expect(wakeText(failedJob(), "/jobs/x/job.json")).toContain("quota: limit reached\nResult: /jobs/x/job.json");
  });
});

describe("bodies", () => {
  const secret = endedJob({ prompt: "PROMPT & <x>", result: "ANSWER", project: "/home/me/shop" });

  test("a webhook is told how it went, and nothing of what was asked or answered", () => {
    const json = webhookBody(secret, "json");
    expect(JSON.parse(json)).toMatchObject({ event: "job.ended", status: "completed", exit_code: 0, project: "shop" });
    const slack = webhookBody(endedJob({ project: "/x/<&>" }), "slack");
    expect(JSON.parse(slack)).toEqual({
      text: "✅ task-20260122-103000-ab12 in &lt;&amp;&gt;: completed, exit code 0",
    });
    for (const body of [json, webhookBody(secret, "slack")]) expect(body).not.toMatch(/PROMPT|ANSWER|\/home/);
  });

  test("a mail whose headers nothing can add to", () => {
    const message = mailMessage(endedJob({ prompt: "한글\nBcc: evil@example.com" }), {
      ...{ to: "me@example.com\nBcc: evil@example.com", place: "/jobs/x", language: "en" },
    });
    const [head = "", body = ""] = message.split("\n\n");
    // A line that begins with a space goes on with the header before it.
    expect(head.split(/\n(?! )/).map((line) => line.split(":")[0])).toEqual([
      ...["To", "Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted"],
    ]);
    for (const line of head.split("\n")) expect(line.length).toBeLessThanOrEqual(90);
    const decoded = Buffer.from(body, "base64").toString("utf8");
    expect(decoded).toContain("한글");
    expect(decoded).toContain("/jobs/x");
  });
});

describe("a webhook that fails", () => {
  test("is tried again where that may help, no sooner than it asks", () => {
    expect(afterTry({ status: 204 }, 1)).toEqual({ kind: "done" });
    expect(afterTry({ status: 404 }, 1)).toMatchObject({ kind: "failed" });
    expect(afterTry({ status: 302 }, 1)).toMatchObject({ kind: "failed" });
    expect(afterTry({ error: "ECONNREFUSED" }, 1)).toEqual({ kind: "again", waitMs: 1_000 });
    expect(afterTry({ status: 429, retryAfterS: 30 }, 2)).toEqual({ kind: "again", waitMs: 30_000 });
    expect(afterTry({ status: 503, retryAfterS: 86_400 }, 3)).toEqual({ kind: "again", waitMs: 60_000 });
    expect(afterTry({ status: 500 }, 4)).toEqual({ kind: "failed", reason: "HTTP 500 after 4 tries" });
  });
});
