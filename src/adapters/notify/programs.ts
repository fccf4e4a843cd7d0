import { existsSync } from "node:fs";
import { execa } from "execa";
import { desktopNotice } from "../../core/jobs/notice.ts";
import { mailMessage } from "../../core/jobs/noticeBodies.ts";
import type { EndedJob } from "../../core/jobs/record.ts";
import type { Language } from "../../core/workflow/model.ts";
import type { JobNotifier } from "../../ports/jobNotifier.ts";
import { findProgram } from "../programs/findProgram.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Longest time of a program that tells people, and of the user's own (ms). */
const TELL_MS = 15_000;
const OWN_MS = 60_000;
/** Where Debian's and others' mail programs put it, outside an ordinary PATH. */
const SENDMAIL = ["sendmail", "/usr/sbin/sendmail", "/usr/lib/sendmail"];

/**
 * A notification on this machine's screen: notify-send where there is a session bus, osascript on macOS. Undefined where there
 * is neither: a server has no screen, and that is no failure.
 */
export function desktopNotifier(env: Env, platform: NodeJS.Platform, language: Language): JobNotifier | undefined {
  const mac = platform === "darwin" ? findProgram(["osascript"], env.PATH) : undefined;
  const linux = hasBus(env) ? findProgram(["notify-send"], env.PATH) : undefined;
  if (mac === undefined && linux === undefined) return undefined;
  return {
    name: "desktop notification",
    tell: async (job) => {
      const { title, text } = desktopNotice(job, language);
      const script = ["on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run"];
      if (mac) await run(mac, [...script.flatMap((line) => ["-e", line]), "--", title, text], env);
      else if (linux) {
        const urgency = job.status === "failed" ? "critical" : "normal";
        await run(linux, ["-a", "oh-my-qwencoder", "-u", urgency, "--", title, escaped(text)], env);
      }
    },
  };
}

/** Notification servers read the text as markup. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function hasBus(env: Env): boolean {
  return Boolean(env.DBUS_SESSION_BUS_ADDRESS) || existsSync(`${env.XDG_RUNTIME_DIR ?? "/nonexistent"}/bus`);
}

/** A mail by the system's sendmail. */
export function mailNotifier(
  env: Env,
  options: { to: string; from?: string | undefined; language: Language; placeOf(job: EndedJob): string },
): JobNotifier {
  return {
    name: "e-mail",
    tell: async (job) => {
      const program = findProgram(SENDMAIL, env.PATH);
      if (program === undefined)
        throw new Error(
          "no sendmail was found on PATH or in /usr/sbin: install a mail program, or take jobs.notify.email.to out",
        );
      const input = mailMessage(job, { ...options, place: options.placeOf(job) });
      await run(program, ["-t", "-i"], env, input);
    },
  };
}

/** The user's own command (`jobs.onComplete`), with the job as JSON on its standard input. */
export function commandNotifier(env: Env, command: readonly string[]): JobNotifier | undefined {
  const [program, ...args] = command;
  if (program === undefined) return undefined;
  return {
    name: "jobs.onComplete",
    tell: async (job) => {
      const found = findProgram([program], env.PATH);
      if (found === undefined) throw new Error(`${program} was not found on PATH`);
      await run(found, args, env, `${JSON.stringify(job)}\n`, OWN_MS);
    },
  };
}

async function run(program: string, args: readonly string[], env: Env, input = "", timeout = TELL_MS): Promise<void> {
  await execa(program, args, {
    env: { ...env },
    extendEnv: false,
    input,
    timeout,
    stdout: "ignore",
    maxBuffer: 65_536,
  });
}
