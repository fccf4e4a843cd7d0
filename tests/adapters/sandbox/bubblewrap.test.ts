import { chmod, readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BubblewrapSandbox } from "../../../src/adapters/sandbox/bubblewrap.ts";
import { probeBubblewrap } from "../../../src/adapters/sandbox/probe.ts";
import { TestProject, WRAPPER } from "./project.ts";
import { sandboxed } from "./sandboxed.ts";

let project: TestProject;
beforeEach(async () => {
  project = await TestProject.create();
});
afterEach(async () => {
  await project.remove();
});

sandboxed("roles", () => {
  test("scouts and librarians write nothing, whatever scope they are handed, and still have a /tmp", async () => {
    for (const role of ["scout", "librarian"] as const) {
      const result = await project.run(
        project.spec(["**"], role),
        "echo x > src/a/n; echo x > n; echo fine > /tmp/n; cat /tmp/n",
      );
      expect(result.output).toContain("fine");
      expect(await project.git("status", "--porcelain")).toBe("");
    }
  });

  test("the Commander writes the project, not .git, the swarm's state or the configuration", async () => {
    const command =
      "echo x > new.ts; echo x > src/b/out.ts; rm README.md; mkdir -p docs && echo x > docs/d; " +
      "git commit --allow-empty -m x; git add -A; echo x > .aegis/log; echo x > opencode.json; echo x > aegis.jsonc; mkdir .opencode; mkdir -p .husky/h";
    const head = await project.git("rev-parse", "HEAD");
    const result = await project.run(project.spec(["**"], "commander"), command);
    expect(result.output).toContain("Read-only file system");
    expect(result.output).toContain("aegis.jsonc");
    expect(await project.git("rev-parse", "HEAD")).toBe(head);
    expect(await project.read(".aegis/log")).toBe("log\n");
    expect(await project.read("opencode.json")).toBe("{}\n");
    const status = (await project.git("status", "--porcelain")).split("\n").map((line) => line.trim());
    expect(status.sort()).toEqual(["?? docs/", "?? new.ts", "D README.md", "M src/b/out.ts"].sort());
  });

  test("the Commander stays out of a live Worker's scope, even one whose directory does not exist yet", async () => {
    const spec = project.spec(["**"], "commander", { except: ["src/a/**", "src/new/**"] });
    await project.run(spec, "echo x > src/a/in.ts; echo x > src/a/n; echo x > src/new/n; echo ok > src/b/out.ts");
    expect(await project.read("src/a/in.ts")).toBe("in\n");
    expect(await project.read("src/b/out.ts")).toBe("ok\n");
    expect(await readdir(path.join(project.dir, "src/new"))).toEqual([]);
    expect(await readdir(path.join(project.dir, "src/a"))).toEqual(["in.ts"]);
  });
});

sandboxed("a cancelled call", () => {
  test("ends at once with everything it left behind, and no other call does", async () => {
    const write = (file: string) =>
      `trap "" TERM INT HUP; (trap "" TERM; while :; do date +%N >> src/a/${file}; done) & setsid -f bash -c 'while :; do date +%N >> src/a/${file}; done'; while :; do date +%N >> src/a/${file}; done`;
    const calls = ["w01", "w02"].map((id) => {
      const spec = project.spec(["src/a/**"], "worker", { privateId: `s-${id}` });
      return project.sandbox.run(spec, write(`${id}.txt`), { cwd: project.dir, timeoutMs: 120_000 });
    });
    const size = async (id: string) =>
      (await stat(path.join(project.dir, `src/a/${id}.txt`)).catch(() => undefined))?.size ?? 0;
    await expect.poll(() => size("w01"), { timeout: 30_000 }).toBeGreaterThan(0);
    await expect.poll(() => size("w02"), { timeout: 30_000 }).toBeGreaterThan(0);
    await project.sandbox.end("s-w01");
    const [one, two] = [await size("w01"), await size("w02")];
    // As long as the other call writes, this one would.
    await expect.poll(() => size("w02"), { timeout: 30_000 }).toBeGreaterThan(two + 500);
    expect(await size("w01")).toBe(one);
    await project.sandbox.end("s-w02");
    await Promise.all(calls);
  });

  test("that was prepared and not begun does not begin", async () => {
    const prepared = await project.sandbox.prepare(project.spec(["src/a/**"], "worker", { privateId: "s-w01" }));
    await project.sandbox.end("s-w01");
    const run = await execa(WRAPPER, ["-c", "echo x > src/a/late.txt"], {
      cwd: project.dir,
      env: prepared.env,
      reject: false,
    });
    expect(run.exitCode).toBe(126);
    expect(await project.read("src/a/late.txt").catch(() => "absent")).toBe("absent");
    await prepared.settle();
  });

  test("leaves no descriptor of the host open inside", async () => {
    const result = await project.run(
      project.spec(["src/a/**"]),
      "for fd in /proc/self/fd/* /proc/1/fd/*; do readlink $fd; done",
    );
    expect(result.output).not.toContain(".info");
  });
});

describe("without a usable bubblewrap", () => {
  test("the probe says why and what to do, and nothing runs", async () => {
    const absent = new BubblewrapSandbox({ wrapper: WRAPPER, bwrap: path.join(project.base, "no-bwrap") });
    expect(await absent.probe()).toMatchObject({
      usable: false,
      mend: expect.stringContaining("apt-get install bubblewrap"),
    });
    const result = await absent.run(project.spec(["src/a/**"]), "echo x > src/a/in.ts", {
      cwd: project.dir,
      timeoutMs: 5_000,
    });
    expect(result.exitCode).toBe(126);
    expect(result.output).toContain("apt-get install bubblewrap");
    expect(await project.read("src/a/in.ts")).toBe("in\n");
  });

  test("a kernel that forbids namespaces is named as that", async () => {
    const fake = path.join(project.base, "bwrap");
    await writeFile(
      fake,
      '#!/bin/sh\n[ "$1" = --version ] && { echo bubblewrap 9.9; exit; }\necho "bwrap: setting up uid map: Permission denied" >&2\nexit 1\n',
    );
    await chmod(fake, 0o755);
    const refused = await probeBubblewrap(fake);
    expect(refused).toMatchObject({
      usable: false,
      reason: expect.stringContaining("uid map"),
      mend: expect.stringContaining("AppArmor"),
    });
  });
});
