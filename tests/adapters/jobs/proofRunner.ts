import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { bullmqEngine } from "../../../src/adapters/jobs/bullmqEngine.ts";
import { localEngine } from "../../../src/adapters/jobs/localEngine.ts";
import { webhookNotifier } from "../../../src/adapters/notify/webhook.ts";
import { identityOf, processPlace } from "../../../src/adapters/processIdentity.ts";
import { taskIdOf } from "../../../src/core/jobs/taskId.ts";
import type { JobNotifier } from "../../../src/ports/jobNotifier.ts";
import { JobNotices } from "../../../src/runtime/jobs/notices.ts";
import { workJobs } from "../../../src/runtime/jobs/workJobs.ts";
import { done } from "../../core/jobs/scenario.ts";

// A runner as a process of its own, to be killed at any moment: `node proofRunner.mjs PLACE NOTES [WEBHOOK]`. What it works on
// takes a moment; NOTES gets a line when work begins and one when an end is told. With WEBHOOK that is called instead.
const [place = "", notes = "", webhook] = process.argv.slice(2);
const note = (line: string) => appendFileSync(notes, `${line}\n`);
const services = { newId: () => taskIdOf(Date.now(), randomBytes(4)), now: () => Date.now() };
const engine = place.startsWith("redis:")
  ? await bullmqEngine({ url: place, ...services, log: () => undefined, stalledEveryMs: 300, tellingMs: 10_000 })
  : localEngine({ root: place, ...services });
const log = (message: string) => note(`note ${message}`);
const line: JobNotifier = { name: "line", tell: async (job) => note(`ended ${job.task_id} ${job.status}`) };
const notices = new JobNotices([webhook === undefined ? line : webhookNotifier({ url: webhook, body: "json" })], {
  told: ({ task_id }) => engine.told(task_id),
  log,
});
const end = new AbortController();
process.on("SIGTERM", () => end.abort());
await workJobs(
  {
    engine,
    execute: async (job) => {
      note(`begun ${job.task_id} ${process.pid}`);
      await setTimeout(Math.random() * 20);
      return { ...done, result: `${job.prompt} by ${process.pid}` };
    },
    watchChanges: async () => undefined,
    onEnd: async (job) => notices.tell(job),
    log,
  },
  {
    runner: { ...identityOf(process.pid), host: hostname(), place: processPlace(), lease_ms: 1_000 },
    newToken: () => randomBytes(16).toString("hex"),
    until: "stopped",
    places: 1,
    signal: end.signal,
  },
);
await notices.settled();
await engine.close();
