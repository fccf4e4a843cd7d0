import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { call } from "../../../vllm/simulator/brain.ts";
import type { Fault } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { begin, fault, holdAt, inTheMiddle, isPart, sound } from "./play.ts";

async function workerSession(stage: Stage, name: string): Promise<string> {
  const worker = (await stage.workers()).find(({ assignment }) => assignment.name === name);
  if (!worker || !("session" in worker) || worker.session === undefined) throw new Error(`${name} has no session`);
  return worker.session;
}

/** What a person, or their other programs, do to a project while a swarm works in it. */
export const PERSON: readonly Fault[] = [
  fault(
    "worker-session-deleted",
    "the person deletes a Worker's session while it works",
    async (stage) => {
      const gate = await inTheMiddle(stage);
      const session = await workerSession(stage, "bad");
      await stage.project.client.session.delete({ sessionID: session });
      gate.release();
      return undefined;
    },
    { worker: ["failed"] },
  ),
  fault(
    "commander-session-deleted",
    "the person deletes the Commander's session, and goes on in a new one",
    async (stage) => {
      const gate = await inTheMiddle(stage);
      await stage.project.client.session.delete({ sessionID: stage.chat.session });
      gate.release();
      await stage.until("no session is at work", async () => !(await stage.busy()));
      await stage.newChat();
      sound(stage);
      await stage.talk("Go on with the swarm");
      return undefined;
    },
    { sample: true },
  ),
  fault(
    "commander-session-deleted-in-design",
    "the person deletes the chat while the design waits for them",
    async (stage) => {
      sound(stage);
      await stage.talk("Build both parts");
      await stage.project.client.session.delete({ sessionID: stage.chat.session });
      await stage.newChat();
      sound(stage);
      await stage.talk("Build both parts, please");
      await stage.talk("1");
      return undefined;
    },
  ),
  fault(
    "files-removed",
    "the person removes a finished Worker's files before integration",
    async (stage) => {
      const gate = await inTheMiddle(stage);
      await rm(path.join(stage.dir, "src/good"), { recursive: true });
      stage.persons.add("src/good/**");
      gate.release();
      return undefined;
    },
    { mayLose: true },
  ),
  fault("index-lock-left", "a dead git left its index.lock behind; the person removes it when told", async (stage) => {
    const held = holdAt("commit_changes");
    sound(stage, held.cast);
    await begin(stage);
    await stage.until("the Commander comes to the commit", held.reached);
    const lock = path.join(stage.dir, ".git/index.lock");
    await writeFile(lock, "");
    held.gate.release();
    await stage.until("somebody is told", async () =>
      (await stage.chat.tools()).some((part) => /remove the lock file/u.test(part.text)),
    );
    await rm(lock);
    stage.say("I removed the lock: go on");
    return undefined;
  }),
  fault("branch-switched", "the person switches the branch while Workers work", async (stage) => {
    const gate = await inTheMiddle(stage);
    await stage.project.git("checkout", "-q", "-b", "side");
    for (const part of ["git branch", "git refs"]) stage.persons.add(part);
    gate.release();
    return undefined;
  }),
  fault(
    "person-edits-in-scope",
    "the person edits a file in a live Worker's scope, and one outside any scope",
    async (stage) => {
      const gate = await inTheMiddle(stage);
      await stage.project.put("src/bad/mine.mjs", "export const mine = 'the person';\n");
      await stage.project.put("docs/mine.md", "the person's\n");
      for (const name of ["src/bad/mine.mjs", "docs/mine.md"]) stage.persons.add(name);
      gate.release();
      return undefined;
    },
    {
      check: async (stage) =>
        (await stage.project.read("src/bad/mine.mjs"))?.includes("the person") &&
        (await stage.project.read("docs/mine.md")) === "the person's\n"
          ? []
          : ["the person's edit is gone"],
    },
  ),
  fault("person-commits", "the person commits their own work between QA and the commit", async (stage) => {
    const held = holdAt("commit_changes");
    sound(stage, held.cast);
    await begin(stage);
    await stage.until("the Commander comes to the commit", held.reached);
    await stage.project.put("mine.txt", "mine\n");
    await stage.project.git("add", "mine.txt");
    await stage.project.git("commit", "-q", "-m", "mine", "--", "mine.txt");
    stage.personsCommits.add(await stage.project.git("rev-parse", "HEAD"));
    stage.persons.add("mine.txt");
    held.gate.release();
    return undefined;
  }),
  fault("git-gc", "the person runs `git gc --prune=now` between QA and the commit", async (stage) => {
    const held = holdAt("commit_changes");
    sound(stage, held.cast);
    await begin(stage);
    await stage.until("the Commander comes to the commit", held.reached);
    await stage.project.git("gc", "-q", "--prune=now");
    held.gate.release();
    return undefined;
  }),
  fault(
    "bubblewrap-vanishes",
    "bubblewrap is removed while Workers work",
    async (stage) => {
      const gate = await inTheMiddle(stage);
      await rm(path.join(stage.host.environment.PATH ?? "", "bwrap"));
      gate.release();
      await stage.until("nothing is at work", async () => !(await stage.busy()));
      return undefined;
    },
    { ownHost: true, farm: true, ends: ["question", "exhausted", "done"], worker: ["completed", "failed", "blocked"] },
  ),
  fault(
    "huge-file",
    "the repository holds a file of 96 MB that git does not know, and 3,000 small ones",
    async (stage) => {
      await execa("bash", [
        "-c",
        'head -c 100663296 /dev/urandom > "$0/huge.bin"; mkdir "$0/many"; for i in $(seq 3000); do echo $i > "$0/many/$i.txt"; done',
        stage.dir,
      ]);
      for (const name of ["huge.bin", "many/**"]) stage.persons.add(name);
      sound(stage);
      await begin(stage);
      return undefined;
    },
    { limitS: 600 },
  ),
  fault("instance-disposed", "OpenCode's instance of the project is disposed while Workers work", async (stage) => {
    const gate = await inTheMiddle(stage);
    await stage.project.client.instance.dispose();
    gate.release();
    await stage.project.client.session.list();
    return undefined;
  }),
  fault("configuration-changed", "the person changes OpenCode's configuration while Workers work", async (stage) => {
    const gate = await inTheMiddle(stage);
    await stage.project.client.config.update({ config: { username: "someone else" } });
    for (const name of ["opencode.json", "config.json"]) stage.persons.add(name);
    gate.release();
    await stage.project.client.session.list();
    return undefined;
  }),
  fault(
    "abort-swarm-never-loses",
    "a Worker never stops working, and the person types /abort-swarm",
    async (stage) => {
      let calls = 0;
      sound(stage, {
        before: (turn) => {
          if (!isPart(turn, "bad")) return undefined;
          calls += 1;
          return call("bash", { command: `sleep 0.2; echo ${calls}`, description: "on and on" });
        },
      });
      await begin(stage);
      await stage.until("the Worker is at it", () => calls > 3);
      await stage.chat.command("abort-swarm", "enough");
      return undefined;
    },
    { ends: ["aborted"], worker: ["cancelled"], sample: true },
  ),
  fault(
    "abort-in-design",
    "the person types /abort-swarm while the Commander thinks about the design",
    async (stage) => {
      const held = holdAt("propose_design");
      stage.onEnd(async () => held.gate.release());
      sound(stage, held.cast);
      stage.say("Build both parts");
      await stage.until("the Commander thinks", held.reached);
      await stage.chat.command("abort-swarm", "never mind");
      return undefined;
    },
    { ends: ["aborted"] },
  ),
];
