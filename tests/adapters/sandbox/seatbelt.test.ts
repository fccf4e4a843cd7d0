import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SeatbeltSandbox } from "../../../src/adapters/sandbox/seatbelt.ts";
import { TestProject, WRAPPER } from "./project.ts";

let project: TestProject;
let sandbox: SeatbeltSandbox;
beforeEach(async () => {
  project = await TestProject.create();
  // Shows what it was given, in the place of macOS's: whether the profile holds only a macOS can tell.
  const sandboxExec = path.join(project.base, "sandbox-exec");
  await writeFile(sandboxExec, '#!/bin/sh\n[ "$1" = -p ] && exit 0\ncat "$2"; shift 2; exec "$@"\n');
  await chmod(sandboxExec, 0o755);
  sandbox = new SeatbeltSandbox({ wrapper: WRAPPER, sandboxExec, home: project.home });
});
afterEach(async () => {
  await sandbox.dispose();
  await project.remove();
});

test("a command is handed to sandbox-exec with the scope's own profile, and a stray file is taken back", async () => {
  const run = await sandbox.run(
    project.spec(["src/*.ts"]),
    "echo ran; echo x > src/top.ts; echo x > src/stray.txt; env | grep -c ^AEGIS",
    {
      cwd: project.dir,
      timeoutMs: 20_000,
    },
  );
  expect(run.output).toContain("ran\n0\n");
  expect(run.output).toContain(`(allow file-write* (subpath "${project.dir}/src"))`);
  expect(run.output).toContain(`(deny file-write* (subpath "${project.dir}/src/a"))`);
  expect(run.output).toContain(`(deny file-read* file-write* (subpath "${project.home}/.ssh"))`);
  expect(run.output.lastIndexOf("src/a")).toBeGreaterThan(run.output.indexOf(`${project.dir}/src"`));
  await expect(project.read("src/stray.txt")).rejects.toThrow("ENOENT");
});

test("what it cannot confine does not run: a tree of a Worker's own, a sandbox-exec that fails", async () => {
  const own = project.spec(["src/a/**"], "worker", { worktree: { dir: project.dir, shown: [] } });
  const options = { cwd: project.dir, timeoutMs: 20_000 };
  expect(await sandbox.run(own, "touch ran", options)).toMatchObject({ exitCode: 126 });
  const withEnv = project.spec([], "scout", { env: { BASH_ENV: path.join(project.dir, "evil.sh") } });
  await project.write({ "evil.sh": "touch ran\n" });
  expect(await sandbox.run(withEnv, "touch ran", options)).toMatchObject({ exitCode: 126 });
  await expect(project.read("ran")).rejects.toThrow("ENOENT");
  const absent = new SeatbeltSandbox({
    wrapper: WRAPPER,
    sandboxExec: "/nonexistent/sandbox-exec",
    home: project.home,
  });
  expect(await absent.probe()).toMatchObject({ usable: false });
  expect(await absent.run(project.spec(["src/a/**"]), "touch src/a/ran", options)).toMatchObject({ exitCode: 126 });
  await expect(project.read("src/a/ran")).rejects.toThrow("ENOENT");
});
