import { claudeNotifier } from "./adapters/notify/claudeWake.ts";
import { fileNotifier, noticeFile } from "./adapters/notify/noticeFile.ts";
import { commandNotifier, desktopNotifier, mailNotifier } from "./adapters/notify/programs.ts";
import { webhookNotifier } from "./adapters/notify/webhook.ts";
import type { Config } from "./config/schema.ts";
import { stateHome } from "./config/stateHome.ts";
import type { EndedJob } from "./core/jobs/record.ts";
import type { Language } from "./core/workflow/model.ts";
import type { JobNotifier } from "./ports/jobNotifier.ts";
import { JobNotices } from "./runtime/jobs/notices.ts";

/** Everybody who is told that a job ended, as configured. */
export function jobNotices(
  { jobs }: Config,
  place: {
    env: Readonly<Record<string, string | undefined>>;
    home: string;
    /** The results directory. */
    root: string;
    placeOf(job: EndedJob): string;
    /** Notes that everybody was told. */
    told(job: EndedJob): Promise<void>;
    log(message: string, error?: unknown): void;
  },
): JobNotices {
  const { env, home, root, placeOf, told, log } = place;
  const { file, chat, desktop, webhook, email } = jobs.notify;
  const language = languageOf(env);
  const ways: (JobNotifier | undefined)[] = [
    file ? fileNotifier(noticeFile(root)) : undefined,
    chat ? claudeNotifier(stateHome(env, home), placeOf) : undefined,
    desktop ? desktopNotifier(env, process.platform, language) : undefined,
    webhook.url === undefined ? undefined : signedWebhook({ ...webhook, url: webhook.url }, env),
    email.to === undefined ? undefined : mailNotifier(env, { to: email.to, from: email.from, language, placeOf }),
    commandNotifier(env, jobs.onComplete),
  ];
  return new JobNotices(
    ways.filter((way) => way !== undefined),
    { told, log },
  );
}

/** A webhook that is to be signed and cannot be is not called. */
function signedWebhook(
  { url, body, secretEnv }: Config["jobs"]["notify"]["webhook"] & { url: string },
  env: Readonly<Record<string, string | undefined>>,
): JobNotifier {
  const secret = secretEnv === undefined ? undefined : env[secretEnv];
  if (secretEnv === undefined || secret) return webhookNotifier({ url, body, secret });
  const missing = `${secretEnv} is not set, and jobs.notify.webhook.secretEnv names it: the webhook was not called`;
  return { name: "webhook", tell: () => Promise.reject(new Error(missing)) };
}

function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  return /^ko(?![a-z])/i.test(env.OMQ_LANG || env.LC_ALL || env.LANG || "") ? "ko" : "en";
}
