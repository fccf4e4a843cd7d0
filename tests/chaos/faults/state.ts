import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { packageDir } from "../../e2e/world.ts";
import type { Fault } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { begin, comeBack, fault, holdAt, holdWorker, inTheMiddle, sound } from "./play.ts";

/** The open swarm's log. */
async function logFile(stage: Stage): Promise<string> {
  const swarms = path.join(stage.dir, ".aegis/swarms");
  const [id = ""] = (await readdir(swarms)).sort().slice(-1);
  return path.join(swarms, id, "events.jsonl");
}

/** A small file system of its own for `.aegis`; a reason where this machine makes none. */
async function ownFileSystem(stage: Stage, size: string): Promise<string | undefined> {
  const dir = path.join(stage.dir, ".aegis");
  await mkdir(dir, { recursive: true });
  const mounted = await execa("mount", ["-t", "tmpfs", "-o", `size=${size},mode=755`, "aegis-chaos", dir], {
    reject: false,
  });
  if (mounted.exitCode !== 0) return `no tmpfs can be mounted here: ${mounted.stderr.trim().split("\n")[0] ?? ""}`;
  stage.onEnd(async () => {
    await execa("umount", ["-l", dir], { reject: false });
  });
  return undefined;
}

async function remount(stage: Stage, how: "ro" | "rw"): Promise<void> {
  await execa("mount", ["-o", `remount,${how}`, path.join(stage.dir, ".aegis")]);
}

/** Fills a file system to the last byte. */
async function fill(dir: string): Promise<void> {
  await execa("bash", [
    "-c",
    'dd if=/dev/zero of="$0/filler" bs=1k 2>/dev/null; dd if=/dev/zero of="$0/filler2" bs=1 count=4096 2>/dev/null; true',
    dir,
  ]);
}

const heard = (stage: Stage, pattern: RegExp) => async () => {
  const listed = await stage.project.client.session.messages({ sessionID: stage.chat.session });
  return pattern.test(JSON.stringify(listed.data ?? []));
};

/** What may happen to `.aegis`. */
export const STATE: readonly Fault[] = [
  fault(
    "disk-full-before",
    "the disk of `.aegis` is full when the person begins; later there is room",
    async (stage) => {
      const skipped = await ownFileSystem(stage, "64k");
      if (skipped) return skipped;
      const dir = path.join(stage.dir, ".aegis");
      await fill(dir);
      sound(stage);
      await stage.talk("Build both parts");
      if (!(await heard(stage, /frees? disk space/iu)())) throw new Error("nobody was told that the disk is full");
      await rm(path.join(dir, "filler"));
      await rm(path.join(dir, "filler2"), { force: true });
      await stage.talk("Build both parts, now");
      await stage.talk("1");
      return undefined;
    },
  ),
  fault(
    "disk-full-monitoring",
    "the disk of `.aegis` fills up while Workers work; later there is room",
    async (stage) => {
      const skipped = await ownFileSystem(stage, "256k");
      if (skipped) return skipped;
      const dir = path.join(stage.dir, ".aegis");
      const gate = await inTheMiddle(stage);
      await fill(dir);
      gate.release();
      await stage.until("the Worker's turn is over", async () => !(await busyWorkers(stage)));
      await rm(path.join(dir, "filler"));
      await rm(path.join(dir, "filler2"), { force: true });
      stage.say("There is room again: go on");
      return undefined;
    },
  ),
  fault("state-read-only", "`.aegis` becomes read-only before the dispatch, then writable again", async (stage) => {
    const skipped = await ownFileSystem(stage, "8m");
    if (skipped) return skipped;
    const { cast, gate, reached } = holdAt("dispatch_workers");
    sound(stage, cast);
    await begin(stage);
    await stage.until("the Commander comes to the dispatch", reached);
    await remount(stage, "ro");
    gate.release();
    await stage.until("the Commander was told", heard(stage, /makes? \.aegis writable/u));
    await stage.until("its turn is over", async () => !(await stage.busy()));
    await remount(stage, "rw");
    await stage.talk("It is writable again: go on");
    return undefined;
  }),
  fault(
    "torn-last-line",
    "the machine dies in the middle of a line of the log",
    async (stage) => {
      sound(stage);
      await begin(stage);
      await stage.untilEvent("worker_started");
      await stage.host.kill();
      await appendFile(await logFile(stage), '{"type":"worker_reported","at":17952372');
      await comeBack(stage);
      return undefined;
    },
    { ownHost: true },
  ),
  fault(
    "garbage-in-the-log",
    "a line in the middle of the log is damaged; the person is told which one, cuts it, and goes on without a restart",
    async (stage) => {
      sound(stage);
      await stage.talk("Build both parts");
      await stage.host.kill();
      const file = await logFile(stage);
      const whole = await readFile(file, "utf8");
      const lines = whole.split("\n");
      await writeFile(file, [...lines.slice(0, 1), "\u0000\u0000garbage{", ...lines.slice(1)].join("\n"));
      await comeBack(stage);
      await stage.talk("1");
      if (!(await heard(stage, /line 2 is damaged/u)())) throw new Error("nobody was told which line is damaged");
      await writeFile(file, whole);
      await stage.talk("1");
      return undefined;
    },
    { ownHost: true },
  ),
  fault(
    "clock-set-back",
    "the clock is set back by a year while OpenCode is down",
    async (stage) => {
      sound(stage);
      await begin(stage);
      await stage.untilEvent("worker_started");
      await stage.host.kill();
      await shiftLog(stage, 365 * 86_400_000);
      await comeBack(stage);
      return undefined;
    },
    { ownHost: true },
  ),
  fault(
    "clock-jumps-ahead",
    "the clock jumps ahead by a year while OpenCode is down",
    async (stage) => {
      sound(stage);
      await begin(stage);
      await stage.untilEvent("worker_started");
      await stage.host.kill();
      await shiftLog(stage, -365 * 86_400_000);
      await comeBack(stage);
      return undefined;
    },
    { ownHost: true },
  ),
  fault(
    "two-processes",
    "a second OpenCode opens the project, is a viewer, and takes over when the first is killed",
    async (stage) => {
      const { cast, gate, reached } = holdWorker();
      sound(stage, cast);
      await begin(stage);
      await stage.until("the second Worker is at work", reached);
      const first = stage.host;
      const twin = await first.twin();
      stage.onEnd(() => twin.close());
      const seen = stage.project.on(twin);
      await seen.client.session.list();
      const before = (await stage.project.events()).length;
      await seen.client.session.command({
        sessionID: stage.chat.session,
        command: "aegis-override",
        arguments: "qa because",
        agent: "commander",
      });
      const overridden = (await stage.project.events()).slice(before).some((event) => event.type === "gate_overridden");
      if (overridden) throw new Error("a viewer's process wrote to the log");
      await first.kill();
      gate.release();
      // The first is gone for good; the person goes on in the second.
      stage.moveTo(twin);
      stage.say("Go on");
      return undefined;
    },
    { ownHost: true, limitS: 420 },
  ),
  fault(
    "inbox-unwatchable",
    "the inbox is a file, then its directory is removed again and again; an abort still arrives",
    async (stage) => {
      await mkdir(path.join(stage.dir, ".aegis"), { recursive: true });
      const inbox = path.join(stage.dir, ".aegis/inbox");
      await writeFile(inbox, "not a directory");
      const { cast, gate, reached } = holdWorker();
      stage.onEnd(async () => gate.release());
      sound(stage, cast);
      await begin(stage);
      await stage.until("the second Worker is at work", reached);
      await rm(inbox, { force: true });
      await abortByCommandLine(stage);
      return undefined;
    },
    { ends: ["aborted"] },
  ),
  fault(
    "inbox-removed",
    "the inbox's directory is removed while the swarm works; an abort still arrives",
    async (stage) => {
      const { cast, gate, reached } = holdWorker();
      stage.onEnd(async () => gate.release());
      sound(stage, cast);
      await begin(stage);
      await stage.until("the second Worker is at work", reached);
      await rm(path.join(stage.dir, ".aegis/inbox"), { recursive: true, force: true });
      await abortByCommandLine(stage);
      return undefined;
    },
    { ends: ["aborted"] },
  ),
  fault(
    "project-moved-away",
    "the project's directory is moved away while Workers work, and comes back",
    async (stage) => {
      const gate = await inTheMiddle(stage);
      await rename(stage.dir, `${stage.dir}-away`);
      gate.release();
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      // A write made the directory anew meanwhile: what lies there is nobody's project.
      await rm(stage.dir, { recursive: true, force: true });
      await rename(`${stage.dir}-away`, stage.dir);
      stage.say("It is back: go on");
      return undefined;
    },
    { worker: ["completed", "failed"] },
  ),
];

async function busyWorkers(stage: Stage): Promise<boolean> {
  const status = (await stage.project.client.session.status()).data ?? {};
  return Object.entries(status).some(([session, { type }]) => session !== stage.chat.session && type !== "idle");
}

async function abortByCommandLine(stage: Stage): Promise<void> {
  const program = path.join(packageDir, "bin/oh-my-qwencoder.js");
  await execa(process.execPath, [program, "swarm", "abort", "--reason", "wrong branch"], {
    cwd: stage.dir,
    env: stage.host.environment,
    extendEnv: false,
  });
}

/** Moves every time in the log by `ms`. */
async function shiftLog(stage: Stage, ms: number): Promise<void> {
  const file = await logFile(stage);
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const moved = lines.map((line) => {
    const event = JSON.parse(line) as { at: number };
    return JSON.stringify({ ...event, at: event.at + ms });
  });
  await writeFile(file, `${moved.join("\n")}\n`);
}
