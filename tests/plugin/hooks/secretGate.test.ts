import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compose } from "../../../plugin/compose.ts";
import { judgeToolCall } from "../../../plugin/hooks/toolGate.ts";
import type { SwarmServices } from "../../../src/runtime/services.ts";
import { alive, inFoundation } from "../../core/workflow/scenario.ts";

let dir: string;
let services: SwarmServices;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "aegis-secret-gate-"));
  await execa("git", ["init", "--quiet"], { cwd: dir });
  await mkdir(path.join(dir, "app"));
  for (const name of [".env", "app/.env.local", ".env.tracked", ".env.example", "keys.txt"])
    await writeFile(path.join(dir, name), "KEY=person\n");
  await writeFile(path.join(dir, ".gitignore"), "app/\n");
  await symlink("../keys.txt", path.join(dir, "app/.env.linked"));
  await execa("git", ["add", "-f", ".env.tracked", ".gitignore"], { cwd: dir });
  const composed = await compose(
    { directory: dir, worktree: dir, baseUrl: "http://127.0.0.1:1", headers: {}, fetch },
    {},
  );
  if (!composed.ok) throw new Error(composed.problem);
  const state = alive(inFoundation);
  // Real git and files; the state alone is given.
  services = {
    ...composed.services,
    swarm: { state, open: true } as SwarmServices["swarm"],
    lease: { acquire: async () => ({ held: true, taken: false }) } as unknown as SwarmServices["lease"],
    hostConfig: { findings: [], mcpServers: [], servers: {} },
  };
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function judged(filePath: string, tool = "write", args: Record<string, unknown> = { filePath }) {
  const place = { root: services.projectDir, resolve: (named: string) => path.resolve(dir, named) };
  const session = services.swarm.state?.session ?? "";
  const refused = await judgeToolCall(services, { role: "commander" }, { session, place, tool, args });
  return refused?.code ?? "passes";
}

test.each([".env", "app/.env.local", "app/../.env", "app/.env.linked"])(
  "%s is there and untracked: refused, ignored or not",
  async (name) => {
    expect(await judged(name)).toBe("secret-file");
    expect(await judged(name, "edit")).toBe("secret-file");
    const patchText = `*** Begin Patch\n*** Delete File: ${name}\n*** End Patch`;
    expect(await judged(name, "apply_patch", { patchText })).toBe("secret-file");
  },
);

test.each([".env.tracked", ".env.example", "keys.txt", "README.md"])("%s is not a person's secret", async (name) => {
  expect(await judged(name)).toBe("passes");
});

test("one that the swarm's own tool made may be written again", async () => {
  expect(await judged("app/.env.new")).toBe("passes");
  await writeFile(path.join(dir, "app/.env.new"), "A=1\n");
  expect(await judged("app/.env.new", "edit")).toBe("passes");
});
