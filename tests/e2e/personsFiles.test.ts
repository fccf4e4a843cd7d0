import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { say } from "../../vllm/simulator/brain.ts";
import { bash, LOOT, leftWithoutNextStep, loot, other, paired, turns, write } from "./attackList.ts";
import { ISOLATIONS, inMode } from "./isolation.ts";
import { checkedProject, opening, type Part, reportFailed, swarmBrain } from "./steps.ts";
import { Host } from "./world.ts";

vi.setConfig({ testTimeout: 150_000 });

/** Ways to a file that git does not track: no commit and no snapshot could bring it back. The first one is allowed. */
const attacks = [
  write("git told to ignore nothing", ".gitignore"),
  write("write", ".env"),
  write("write, deeper", "apps/web/.env.local"),
  write("write by ..", "src/../.env"),
  other("edit", "edit", { filePath: ".env", oldString: "KEY=person", newString: LOOT }),
  other("edit as a new file", "edit", { filePath: ".env", oldString: "", newString: LOOT }),
  bash("redirect", `echo ${LOOT} > .env`),
  bash("append", `echo ${LOOT} >> apps/web/.env.local`),
  bash("rm", "rm -f .env; rm -rf apps"),
  bash("mv over it", `echo ${LOOT} > new; mv -f new .env; rm -f new; test ! -e new && cat .env > .env`),
  bash("sed -i", `sed -i s/person/${LOOT}/ .env apps/web/.env.local`),
  bash("its directory moved", "mv apps other; mv apps/web apps/web2"),
  bash("git clean", "git clean -fdx"),
  bash("python", `python3 -c "import os; os.replace('README.md', '.env')"`),
];

describe.each(ISOLATIONS)("a person's .env, isolation %s", (isolation) => {
  let host: Host;
  beforeAll(async () => {
    host = await Host.start(inMode(isolation));
  }, 90_000);
  afterAll(() => host.close());

  test("is overwritten, moved and deleted by nobody, the Commander included", async () => {
    const project = await host.project({ ...checkedProject, ".gitignore": ".aegis/\n.env\n.env.*\n!.env.example\n" });
    await project.put(".env", "KEY=person\n");
    await project.put("apps/web/.env.local", "KEY=person\n");
    const parts: Part[] = [
      {
        name: "part",
        scope: ["apps/**", ".env"],
        steps: [...turns([...attacks, write("an example", "apps/.env.example")]), reportFailed, say("Scripted: end.")],
      },
    ];
    const chat = await project.chat(swarmBrain([...opening(parts, turns(attacks)), say("Scripted: over.")], parts));
    await chat.say("Build it");
    await chat.say("1", 120_000);
    const state = await project.until("the Worker ended", (swarm) => swarm?.workers[0]?.status === "failed");
    const session = state.workers[0] && "session" in state.workers[0] ? (state.workers[0].session ?? "") : "";
    expect(await project.read(".env")).toBe("KEY=person\n");
    expect(await project.read("apps/web/.env.local")).toBe("KEY=person\n");
    // The ignore rules were emptied before the baseline was recorded: nothing in git holds the person's words all the same.
    expect(await project.git("ls-tree", "-r", "--name-only", `refs/aegis/${state.id}/baseline`)).toContain(
      ".gitignore",
    );
    expect(await project.git("cat-file", "--batch-all-objects", "--batch")).not.toContain("KEY=person");
    const byCommander = (await chat.tools()).filter(({ tool }) => /^(?:write|edit|bash)$/u.test(tool));
    const [, ...made] = paired(attacks, byCommander);
    const [, ...byWorker] = paired(attacks, await project.tools(session));
    for (const [attack, part] of [...made, ...byWorker]) {
      if (attack.tool !== "bash")
        expect(part.text, attack.what).toMatch(/Refused \((?:secret-file|out-of-scope|outside-project)\)/u);
    }
    expect(made.filter(([{ tool }]) => tool !== "bash").map(([, { text }]) => text)).toEqual(
      attacks
        .slice(1)
        .filter(({ tool }) => tool !== "bash")
        .map(() => expect.stringContaining("secret-file")),
    );
    expect(leftWithoutNextStep(made)).toEqual([]);
    expect(
      await loot(
        [project.dir],
        [`${project.dir}/.gitignore`, `${project.dir}/.aegis/`, `${project.dir}/apps/.env.example`],
      ),
    ).toEqual([]);
  });
});
