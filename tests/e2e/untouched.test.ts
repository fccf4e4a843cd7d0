import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, say, script } from "../../vllm/simulator/brain.ts";
import { checkedProject, opening, swarmBrain } from "./steps.ts";
import { Host } from "./world.ts";

let withPlugin: Host;
let without: Host;
beforeAll(async () => {
  // The name of the person's shell stands in the description of the bash tool: not bash here, so that it shows.
  const env = { SHELL: "/bin/sh" };
  withPlugin = await Host.start({ env, catalogue: "some" });
  without = await Host.start({ env, catalogue: "some", plugin: false });
}, 150_000);
afterAll(async () => {
  await withPlugin.close();
  await without.close();
});

/** What an agent of OpenCode's own does in a turn of four calls. */
const work = script([
  call("write", { filePath: "src/person.mjs", content: "export const person = 1;\n" }),
  call("bash", { command: "git add -A && git commit -q -m 'by build' && echo $0 committed", description: "commit" }),
  call("read", { filePath: "src/person.mjs" }),
  say("Scripted: done."),
]);

describe("sessions that are not the swarm's", () => {
  for (const agent of ["build", "plan", "general"]) {
    test(`the agent ${agent} sends the same bytes with and without the plugin`, async () => {
      const bodies: string[] = [];
      const home = await withPlugin.project(checkedProject);
      for (const host of [withPlugin, without]) {
        const before = host.requests().length;
        const project = host === withPlugin ? home : home.on(host);
        const chat = await project.chat(script([say("Scripted: hello.")]), agent);
        await chat.say("say hi");
        const [first] = host
          .requests()
          .slice(before)
          .filter((request) => request.role !== "title");
        bodies.push(JSON.stringify(first?.body));
      }
      expect(bodies[0]).toBeDefined();
      expect(bodies[0]).toBe(bodies[1]);
    });
  }

  test("the build agent gets the same answers with and without the plugin, those the gate would mend too", async () => {
    const answers = [
      call("Read", "{'filePath': 'README.md'}"),
      { text: '<tool_call>\n{"name":"read","arguments":{"filePath":"README.md"}}\n</tool_call>' },
      say("Scripted: done."),
    ];
    const home = await withPlugin.project(checkedProject);
    const heard: unknown[] = [];
    for (const host of [withPlugin, without]) {
      const project = host === withPlugin ? home : home.on(host);
      const chat = await project.chat(script(answers), "build");
      await chat.say("read it");
      const { data } = await project.client.session.messages({ sessionID: chat.session });
      const parts = (data ?? []).flatMap((message) => message.parts);
      heard.push(
        parts.flatMap((part): unknown[] =>
          part.type === "text"
            ? [part.text]
            : part.type === "tool"
              ? [[part.tool, part.state.status, part.state.input]]
              : [],
        ),
      );
    }
    expect(JSON.stringify(heard[0])).toContain("<tool_call>");
    expect(heard[0]).toEqual(heard[1]);
  });

  test("a configuration that is not valid refuses the Commander's turn with its place, before any request; others go on", async () => {
    const project = await withPlugin.project({
      ...checkedProject,
      "aegis.jsonc": '{\n  "swarm": {\n    "maxWorkers": "many"\n  }\n}\n',
    });
    const commander = await project.chat(script([say("Scripted: never asked.")]));
    const before = withPlugin.requests().length;
    await expect(commander.say("Build it")).rejects.toThrow(/aegis\.jsonc:3:\d+[\s\S]*Next step: mend that/u);
    expect(withPlugin.requests().slice(before)).toEqual([]);
    const build = await project.chat(script([say("Scripted: hello.")]), "build");
    await build.say("say hi");
    expect(withPlugin.requests().length).toBeGreaterThan(before);
  });

  test("the build agent writes, runs a shell and commits without meeting a gate, also while a swarm is open", async () => {
    const project = await withPlugin.project(checkedProject);
    const swarm = await project.chat(swarmBrain(opening([]).slice(0, 2), []));
    await swarm.say("Build something");
    const chat = await project.chat(work, "build");
    await chat.say("do it");
    const tools = await chat.tools();
    expect(tools.map((part) => [part.tool, part.status])).toEqual([
      ["write", "completed"],
      ["bash", "completed"],
      ["read", "completed"],
    ]);
    expect(tools[1]?.text).toContain("committed");
    expect(await project.git("log", "--format=%s", "-1")).toBe("by build");
  });

  test("a project where nobody talks to the Commander has no .aegis", async () => {
    const project = await withPlugin.project(checkedProject);
    const chat = await project.chat(work, "build");
    await chat.say("do it");
    expect(existsSync(path.join(project.dir, ".aegis"))).toBe(false);
  });

  test("our tools and roles are offered to our agents alone", async () => {
    const project = await withPlugin.project(checkedProject);
    const before = withPlugin.requests().length;
    await (await project.chat(script([say("Scripted: hello.")]), "build")).say("hi");
    await (await project.chat(script([say("Scripted: hello.")]))).say("hi");
    const sent = withPlugin.requests().slice(before);
    const toolsOf = (role: string) =>
      (sent.find((request) => request.role === role)?.body.tools ?? []).map((tool) => tool.function.name);
    expect(toolsOf("other")).not.toContain("dispatch_workers");
    expect(toolsOf("other")).not.toContain("report_result");
    expect(toolsOf("commander")).toContain("dispatch_workers");
    expect(toolsOf("commander")).not.toContain("report_result");
    expect(toolsOf("commander")).not.toContain("webfetch");
  });
});
