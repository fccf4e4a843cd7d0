import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Step } from "../../vllm/simulator/brain.ts";
import { call, say } from "../../vllm/simulator/brain.ts";
import { checkedProject, goodWorker, opening, type Part, swarmBrain } from "./steps.ts";
import { Host, type Project } from "./world.ts";

/** Rounds that count as a loop; three more after the correction, and the session is given up. */
const LIMIT = 2;
const PATIENCE = 3;

let host: Host;
beforeAll(async () => {
  host = await Host.start({ settings: { swarm: { loopLimit: LIMIT } } });
}, 120_000);
afterAll(() => host.close());

/** A Worker that goes round in circles in its first session, and does its part in the next one. */
async function circling(circle: (turn: number) => Step): Promise<{ project: Project; first: string; second: string }> {
  const good = goodWorker("src/part/a.mjs");
  const steps = Array.from(
    { length: 40 },
    (_, index): Step =>
      (turn) => {
        const step = turn.firstUserText.includes("What was done before")
          ? (good[index] ?? say("Scripted: done."))
          : circle(index);
        return typeof step === "function" ? step(turn) : step;
      },
  );
  const parts: Part[] = [{ name: "part", scope: ["src/part/**"], steps }];
  const project = await host.project({ ...checkedProject, "src/part/b.mjs": "export const b = 1;\n" });
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: ended.")], parts));
  await chat.say("Build it");
  await chat.mutter("1");
  await project.until("the Worker ended", (swarm) => swarm?.workers[0]?.status === "completed", 90_000);
  const [first, second] = await project.children(chat.session);
  return { project, first: first?.id ?? "", second: second?.id ?? "" };
}

const renewed = async (project: Project) => (await project.events()).filter((event) => event.type === "worker_renewed");

describe("a Worker that goes round in circles is corrected, given up, and its part is done in a fresh session", () => {
  test("A, B, A, B: two different calls by turns, both of which work", async () => {
    const file = (index: number) => (index % 2 === 0 ? "src/part/b.mjs" : "src/shared.mjs");
    const { project, first, second } = await circling((index) => call("read", { filePath: file(index) }));
    const tools = await project.tools(first);
    const passed = tools.findIndex((part) => part.text.includes("Refused (repeated-call)"));
    // The second round's last call closes the circle.
    expect(passed).toBe(2 * LIMIT - 1);
    expect(tools.slice(0, passed).every((part) => part.status === "completed")).toBe(true);
    // Each further one of the circle too, until the session is stopped.
    expect(tools.slice(passed).filter((part) => part.text.includes("Refused (repeated-call)")).length).toBeGreaterThan(
      PATIENCE,
    );
    expect(tools.length).toBeLessThanOrEqual(2 * (LIMIT + PATIENCE));
    expect(await renewed(project)).toMatchObject([{ why: expect.stringContaining("again and again") }]);
    expect(second).not.toBe("");
  });

  test("the same failure, whatever else changes from call to call", async () => {
    const { project, first, second } = await circling((index) =>
      call("edit", { filePath: "src/part/b.mjs", oldString: `no such text ${index}`, newString: "x" }),
    );
    const tools = await project.tools(first);
    expect(tools.every((part) => part.status === "error")).toBe(true);
    expect(new Set(tools.map((part) => part.text)).size).toBe(1);
    expect(tools.length).toBeGreaterThanOrEqual(LIMIT + PATIENCE);
    const told = host.requests().filter((request) => request.sessionId === first);
    expect(JSON.stringify(told.at(-1)?.body.messages)).toContain(`failed ${LIMIT} times in the same way`);
    expect(await renewed(project)).toMatchObject([{ why: expect.stringContaining("failed in the same way") }]);
    expect(second).not.toBe("");
  });
});
