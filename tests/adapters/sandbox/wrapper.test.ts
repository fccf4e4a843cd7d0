import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OffSandbox } from "../../../src/adapters/sandbox/off.ts";
import { WRAPPER } from "./project.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "aegis-wrapper-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const call = (file: string, args: readonly string[], env: Record<string, string>, input?: string) =>
  execa(file, args, {
    cwd: dir,
    env,
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    ...(input === undefined ? {} : { input }),
  });

describe("outside a swarm the wrapper is the person's own shell", () => {
  const env = { PATH: process.env.PATH ?? "", A: "1", "ODD-NAME": "x", "BASH_FUNC_f%%": "() { echo from f; }" };
  test.each([
    [["-c", "echo a; echo b >&2; exit 3"]],
    [["-c", 'echo "$0|$1|$#"', "zero", "one two"]],
    [["-c", "env | grep -v ^_= | sort"]],
    [["-lc", "echo $-"]],
    [["-c", "f; nosuchcommand"]],
    [["-c", "echo $SHLVL; ulimit -a; ls -l /proc/self/fd | wc -l"]],
    [["--version"]],
  ])("%j gives the same bytes", async (args) => {
    const plain = await call("/bin/bash", args, env);
    const wrapped = await call(WRAPPER, args, env);
    expect([wrapped.stdout, wrapped.stderr, wrapped.exitCode]).toEqual([plain.stdout, plain.stderr, plain.exitCode]);
  });

  test("standard input passes, and another shell is used where the person has one", async () => {
    expect((await call(WRAPPER, ["-c", "cat"], env, "in")).stdout).toBe("in");
    const shell = path.join(dir, "my-shell");
    await writeFile(shell, '#!/bin/sh\necho "mine: $*"; env | grep AEGIS\n');
    await chmod(shell, 0o755);
    expect((await call(WRAPPER, ["-c", "x y"], { ...env, AEGIS_USER_SHELL: shell })).stdout).toBe("mine: -c x y\n");
  });
});

describe("inside a swarm it fails closed", () => {
  const env = { PATH: process.env.PATH ?? "" };
  test.each([
    [
      "denied",
      { AEGIS_SANDBOX: "deny", AEGIS_SANDBOX_REASON: "no bwrap", AEGIS_SANDBOX_MEND: "install it" },
      "install it",
    ],
    ["no description named", { AEGIS_SANDBOX: "bwrap" }, "missing"],
    ["a description that is gone", { AEGIS_SANDBOX_ARGS: "/nonexistent/args" }, "missing"],
    ["an empty name", { AEGIS_SANDBOX_ARGS: "" }, "missing"],
    ["a directory", { AEGIS_SANDBOX: "bwrap", AEGIS_SANDBOX_ARGS: "/" }, "missing"],
    ["an unknown mode", { AEGIS_SANDBOX: "maybe" }, "unknown value"],
    ["denied, with a shell of one's own", { AEGIS_SANDBOX: "deny", AEGIS_USER_SHELL: "/bin/bash" }, "not run"],
  ])("%s", async (_name, swarm, message) => {
    const result = await call(WRAPPER, ["-c", `touch ${dir}/ran`], { ...env, ...swarm });
    expect(result.exitCode).toBe(126);
    expect(result.stderr).toContain(message);
    expect((await call("/bin/ls", [dir], env)).stdout).toBe("");
  });

  test("no bwrap, or a description bwrap cannot use", async () => {
    const args = path.join(dir, "args");
    await writeFile(args, "--no-such-option\0");
    const touch = ["-c", `touch ${dir}/ran`];
    const broken = await call(WRAPPER, touch, { ...env, AEGIS_SANDBOX: "bwrap", AEGIS_SANDBOX_ARGS: args });
    const absent = await call(WRAPPER, touch, {
      ...env,
      AEGIS_SANDBOX_ARGS: args,
      AEGIS_SANDBOX_BWRAP: "/nonexistent/bwrap",
    });
    expect(broken.exitCode).not.toBe(0);
    expect([126, 127]).toContain(absent.exitCode);
    // What bubblewrap says of its process, and nothing of the command.
    expect((await call("/bin/ls", [dir], env)).stdout).toBe("args\nargs.info\n");
  });
});

describe("sandbox off", () => {
  test("runs plainly, without secrets, and ends with its group", async () => {
    const off = new OffSandbox({ wrapper: WRAPPER, environment: { ...process.env, X_API_KEY: "PRIVATE" } });
    const spec = { role: "worker", projectDir: dir, scope: [], privateId: "w" } as const;
    expect(await off.probe()).toMatchObject({ usable: true, kind: "off" });
    const result = await off.run(spec, "touch here; env; sleep 985 &", { cwd: dir, timeoutMs: 5_000 });
    expect(result.exitCode).toBe(0);
    expect(result.durationMs).toBeLessThan(4_000);
    expect(result.output).not.toContain("PRIVATE");
    const prepared = await off.prepare(spec);
    const viaWrapper = await call(WRAPPER, ["-c", "env; ls"], {
      PATH: process.env.PATH ?? "",
      X_API_KEY: "PRIVATE",
      ...prepared.env,
    });
    expect(viaWrapper.stdout).toContain("here\n");
    expect(viaWrapper.stdout).not.toMatch(/PRIVATE|AEGIS_/);
  });
});
