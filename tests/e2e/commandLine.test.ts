import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hang, say } from "../../vllm/simulator/brain.ts";
import { cli } from "../cli/io.ts";
import { checkedProject, opening, type Part, swarmBrain } from "./steps.ts";
import { Host, type Project } from "./world.ts";

let host: Host;
beforeAll(async () => {
  host = await Host.start();
}, 90_000);
afterAll(() => host.close());

const parts: Part[] = [
  { name: "slow", scope: ["src/slow/**"], steps: [hang(60_000)] },
  { name: "slower", scope: ["src/slower/**"], steps: [hang(60_000)] },
];

/** A swarm whose two Workers wait for a model that does not answer. */
async function atWork() {
  const project = await host.project(checkedProject);
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: I look after it.")], parts));
  await chat.say("Build them");
  await chat.mutter("1");
  await project.until("running", (swarm) => swarm?.workers.filter((w) => w.status === "exploring").length === 2);
  return { project, chat };
}

const swarm = async (project: Project, ...argv: string[]) => {
  const env = { PATH: process.env.PATH ?? "", HOME: host.home };
  const { code, out, err } = await cli(["swarm", ...argv, "--json"], { cwd: project.dir, env });
  return { code, err, data: JSON.parse(out) };
};

describe("the command line beside a running OpenCode", () => {
  test("status names the OpenCode that drives the swarm; abort stops its sessions", async () => {
    const { project } = await atWork();
    const waiting = () =>
      host.requests().filter((request) => request.role === "worker" && request.endedAt === undefined).length;
    const before = await swarm(project, "status");
    expect(before.data).toMatchObject({ ok: true, swarm: { phase: "monitoring" } });
    expect(before.data.holder.pid).not.toBe(process.pid);
    await expect.poll(waiting, { timeout: 20_000 }).toBe(2);
    const aborted = await swarm(project, "abort", "--reason", "wrong branch");
    expect([aborted.code, aborted.err, aborted.data.phase]).toEqual([0, "", "aborted"]);
    expect((await project.state())?.abort).toEqual({ by: "command-line", reason: "wrong branch" });
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0);
  });

  test("resume lets a swarm go on that the person had stopped", async () => {
    const { project, chat } = await atWork();
    await chat.abort();
    await project.until("stopped", (state) => state?.paused === true);
    const resumed = await swarm(project, "resume");
    expect([resumed.code, resumed.err]).toEqual([0, ""]);
    // With its Workers cancelled the Commander has nothing to wait for: it is sent on to its next step.
    await project.until("sent on", (state) => state?.paused === false && state.continuations > 0);
  });
});
