import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { checkSandbox } from "../../src/cli/doctor/checks/sandbox.ts";
import { makeFacts } from "../../src/cli/doctor/facts/facts.ts";
import { runChecks } from "../../src/cli/doctor/runChecks.ts";
import { say as message } from "../../src/cli/messages/catalogue.ts";
import { call, say } from "../../vllm/simulator/brain.ts";
import { recordIo } from "../cli/io.ts";
import { checkedProject, opening, type Part, reportFailed, swarmBrain } from "./steps.ts";
import { Host } from "./world.ts";

vi.setConfig({ testTimeout: 240_000 });

let host: Host;
let bin: string;
/** Every program of PATH but bubblewrap. */
async function pathWithoutBwrap(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "aegis-path-"));
  await mkdir(dir, { recursive: true });
  const taken = new Set(["bwrap"]);
  for (const folder of (process.env.PATH ?? "").split(":")) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (taken.has(name)) continue;
      taken.add(name);
      await symlink(path.join(folder, name), path.join(dir, name));
    }
  }
  return dir;
}

beforeAll(async () => {
  bin = await pathWithoutBwrap();
  host = await Host.start({ env: { PATH: bin } });
}, 90_000);
afterAll(async () => {
  await host.close();
  await rm(bin, { recursive: true, force: true });
});

test("without bubblewrap Workers have no shell, and write by edit and write all the same", async () => {
  const project = await host.project(checkedProject);
  const parts: Part[] = [
    {
      name: "a",
      scope: ["src/a/**"],
      steps: [
        call("bash", { command: "echo x > src/a/shell.mjs; touch ran", description: "try" }),
        call("write", { filePath: "src/a/one.mjs", content: "export const one = 1;\n" }),
        call("edit", { filePath: "src/a/one.mjs", oldString: "one = 1", newString: "one = 2" }),
        call("write", { filePath: "README.md", content: "out of scope" }),
        reportFailed,
        say("Scripted: end."),
      ],
    },
  ];
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: over.")], parts));
  await chat.say("Build it", 150_000);
  await chat.say("1", 150_000);
  const state = await project.until("the Worker ended", (swarm) => swarm?.workers[0]?.status === "failed", 150_000);
  const session = state.workers[0] && "session" in state.workers[0] ? (state.workers[0].session ?? "") : "";
  const [shell, write, edit, outside] = await project.tools(session);
  expect(shell?.text).toContain("Refused (no-shell)");
  expect(shell?.text).toContain("apt-get install bubblewrap");
  expect([write?.status, edit?.status]).toEqual(["completed", "completed"]);
  expect(outside?.text).toContain("out-of-scope");
  expect(await project.read("src/a/one.mjs")).toContain("one = 2");
  expect(await project.read("src/a/shell.mjs")).toBeUndefined();
  expect(await project.read("ran")).toBeUndefined();
  expect(await project.read("README.md")).toBe("# Project\n");
});

test("the doctor fails that line and says how to mend it", async () => {
  vi.stubEnv("PATH", bin);
  try {
    const { io } = recordIo({ env: { PATH: bin }, cwd: host.home });
    const context = { io, facts: makeFacts(io, { opencode: "/nowhere" }), say: message.bind(undefined, "en") };
    const rows = await runChecks([checkSandbox], context, { began: () => undefined, ended: () => undefined });
    expect(rows).toMatchObject([
      { name: "sandbox", status: "fail", mend: expect.stringContaining("apt-get install bubblewrap") },
    ]);
  } finally {
    vi.unstubAllEnvs();
  }
});
