import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { desktopNotifier, mailNotifier } from "../../../src/adapters/notify/programs.ts";
import { endedJob, failedJob } from "../../core/jobs/ended.ts";

// The programs that tell people, as Debian has them (scripts/setup-dev.sh): what they make of what they are called with.
const has = (program: string, ...args: string[]) => spawnSync(program, args, { stdio: "ignore" }).status === 0;
const PYTHON = "/usr/bin/python3";
const desktop = has("dbus-daemon", "--version") && has("notify-send", "--version") && has(PYTHON, "-c", "import gi");
if (!desktop)
  console.error("dbus-daemon, notify-send or python3-gi is missing: desktop notifications are tested without a bus.");
const msmtp = spawnSync("sh", ["-c", "command -v msmtp"], { encoding: "utf8" }).stdout.trim();
if (msmtp === "") console.error("msmtp is missing: mail is tested without a mail program.");

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "omq-programs-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A program of the test's, and its lines as they come. */
function lines(program: string, args: string[], env: Record<string, string | undefined> = process.env) {
  const child: ChildProcess = spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  const exit = new Promise((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  const said: string[] = [];
  if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
  return said;
}

const first = async (said: readonly string[]): Promise<string> => {
  await expect.poll(() => said.length, { timeout: 60_000 }).toBeGreaterThan(0);
  return said[0] ?? "";
};

test.skipIf(!desktop)("the end of a job is shown by the session's notification server", async () => {
  const dir = folder();
  const bus = await first(
    lines("dbus-daemon", ["--session", "--nofork", "--print-address", `--address=unix:path=${join(dir, "bus")}`]),
  );
  const env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: bus };
  const server = fileURLToPath(new URL("../../fixtures/notify/notificationServer.py", import.meta.url));
  const shown = lines(PYTHON, [server], env);
  expect(await first(shown)).toBe("ready");
  const notifier = desktopNotifier(env, "linux", "ko");
  await notifier?.tell(endedJob({ prompt: "--help <b>it</b> & more" }));
  await notifier?.tell(failedJob());
  await expect.poll(() => shown.length, { timeout: 60_000 }).toBe(3);
  expect(shown.slice(1).map((line) => JSON.parse(line))).toMatchObject([
    // Critical is 2: it stays until somebody saw it.
    {
      app: "oh-my-qwencoder",
      title: "작업 완료",
      text: expect.stringMatching(/^--help &lt;b&gt;it.*완료/),
      urgency: 1,
    },
    { app: "oh-my-qwencoder", title: "작업 실패", urgency: 2 },
  ]);
});

test.skipIf(!desktop)("a bus on which nobody shows anything is a failure that says so", async () => {
  const dir = folder();
  const bus = await first(
    lines("dbus-daemon", ["--session", "--nofork", "--print-address", `--address=unix:path=${join(dir, "bus")}`]),
  );
  const notifier = desktopNotifier({ ...process.env, DBUS_SESSION_BUS_ADDRESS: bus }, "linux", "en");
  await expect(notifier?.tell(endedJob())).rejects.toThrow("org.freedesktop.Notifications");
});

/** As much of a mail server as a mail needs. */
async function mailServer() {
  const mails: { from: string; to: string; text: string }[] = [];
  const server = createServer((socket) => {
    let mail = { from: "", to: "", text: "" };
    let inText = false;
    const answer = (line: string) => socket.write(`${line}\r\n`);
    answer("220 test");
    createInterface({ input: socket }).on("line", (line) => {
      if (inText && line !== ".") mail.text += `${line}\n`;
      else if (inText) {
        mails.push(mail);
        mail = { from: "", to: "", text: "" };
        inText = false;
        answer("250 taken");
      } else if (/^MAIL FROM:/i.test(line)) {
        mail.from = line.slice(10);
        answer("250 yes");
      } else if (/^RCPT TO:/i.test(line)) {
        mail.to = line.slice(8);
        answer("250 yes");
      } else if (/^DATA$/i.test(line)) {
        inText = true;
        answer("354 go on");
      } else answer(/^QUIT$/i.test(line) ? "221 bye" : "250 test");
    });
    socket.on("error", () => undefined);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  return { mails, port: typeof address === "object" && address ? address.port : 0 };
}

test.skipIf(msmtp === "")("the end of a job is a mail that a mail server takes", async () => {
  const dir = folder();
  const { mails, port } = await mailServer();
  symlinkSync(msmtp, join(dir, "sendmail"));
  const settings = ["account default", "host 127.0.0.1", `port ${port}`, "from omq@example.com", "auth off", "tls off"];
  writeFileSync(join(dir, ".msmtprc"), `${settings.join("\n")}\n`, { mode: 0o600 });
  const env = { PATH: `${dir}:${process.env.PATH}`, HOME: dir };
  const { tell } = mailNotifier(env, { to: "me@example.com", language: "ko", placeOf: () => "/jobs/x/job.json" });
  const title = `문서를 써 줘 ${"아주 자세히 ".repeat(8)}`.trim();
  await tell(endedJob({ prompt: `${title}\n.\nsecond line` }));
  expect(mails).toMatchObject([{ from: "<omq@example.com>", to: "<me@example.com>" }]);
  const [head = "", body = ""] = (mails[0]?.text ?? "").split("\n\n");
  const decoded = (text = "") => Buffer.from(text, "base64").toString("utf8");
  const subject = /^Subject: (.*(?:\n .*)*)$/m.exec(head)?.[1] ?? "";
  const words = [...subject.matchAll(/=\?UTF-8\?B\?(.*?)\?=/g)].map(([, word]) => decoded(word));
  expect(words.join("")).toContain(`${title}: 완료`);
  for (const line of head.split("\n")) expect(line.length).toBeLessThanOrEqual(90);
  expect(decoded(body)).toContain("/jobs/x/job.json");
});
