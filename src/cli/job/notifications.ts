import type { Command } from "commander";
import type { NoticeLine } from "../../core/jobs/notice.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `job notifications [--clear] [--json]`: jobs that ended, as the notifications file has them. */
export function registerNotifications(group: Command, io: Io): void {
  group
    .command("notifications")
    .description(say(io.lang, "job.notifications.description"))
    .option("--clear", say(io.lang, "job.notifications.clear"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () =>
      examples(io, ["job notifications", "job notifications --clear", "job notifications --json"]),
    )
    .action(async ({ clear, json }: { clear?: boolean; json?: boolean }) => {
      const { readNotices, takeNotices } = await import("../../adapters/notify/noticeFile.ts");
      const { noticeWords, noticesPlace } = await import("./noticeView.ts");
      const { readNoticeLine } = await import("../../core/jobs/notice.ts");
      const file = noticesPlace(io);
      const lines = (clear ? takeNotices(file) : readNotices(file)).split("\n");
      const notices = lines.map(readNoticeLine).filter((one): one is NoticeLine => one !== undefined);
      if (json) return writeJson(io, { ok: true, file, notifications: notices });
      for (const notice of notices) io.stdout.write(`${noticeWords(io, notice)}\n`);
      if (notices.length === 0) io.stderr.write(`${say(io.lang, "job.notifications.none")}\n`);
    });
}
