import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BubblewrapSandbox } from "../../../src/adapters/sandbox/bubblewrap.ts";
import { TestProject, WRAPPER } from "./project.ts";
import { sandboxed } from "./sandboxed.ts";

const has = (program: string) => execa("which", [program], { reject: false }).then(({ exitCode }) => exitCode === 0);
const [hasAgent, hasDbus, hasPython] = await Promise.all(["ssh-agent", "dbus-daemon", "python3"].map(has));

let project: TestProject;
const running: ChildProcess[] = [];
const servers: Server[] = [];
beforeEach(async () => {
  // Outside /tmp, which is hidden anyway.
  project = await TestProject.create({}, "/var/tmp");
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close();
  await project.remove();
});

/** Runs a server in the foreground until its socket answers. */
async function start(file: string, args: string[], ready: () => Promise<boolean>, cwd = project.beside): Promise<void> {
  running.push(spawn(file, args, { stdio: "ignore", cwd }));
  await expect.poll(ready, { timeout: 20_000 }).toBe(true);
}

/** The command as OpenCode would call it, with `more` in the host's environment. */
async function withEnvironment(command: string, more: Record<string, string>) {
  const environment = { ...process.env, ...more };
  const sandbox = new BubblewrapSandbox({ wrapper: WRAPPER, home: project.home, environment });
  try {
    const prepared = await sandbox.prepare(project.spec(["**"], "commander"));
    return await execa(WRAPPER, ["-c", command], {
      cwd: project.dir,
      env: { ...more, ...prepared.env },
      reject: false,
      all: true,
    });
  } finally {
    await sandbox.dispose();
  }
}

sandboxed("services of the host", () => {
  test.runIf(hasAgent)("an ssh-agent signs nothing, wherever its socket lies", async () => {
    for (const socket of [path.join(project.home, "agent.sock"), path.join(project.dir, "agent.sock")]) {
      const answers = async (env: Record<string, string>) =>
        (await execa("ssh-add", ["-l"], { env, reject: false })).exitCode === 1;
      await start("ssh-agent", ["-D", "-a", socket], () => answers({ SSH_AUTH_SOCK: socket }));
      const { all } = await withEnvironment(
        `echo "sock=$SSH_AUTH_SOCK"; ssh-add -l; SSH_AUTH_SOCK=${socket} ssh-add -l; echo code=$?`,
        { SSH_AUTH_SOCK: socket },
      );
      expect(all).toContain("sock=\n");
      // 1 would be an agent without keys, 2 is none.
      expect(all).toContain("code=2");
    }
  });

  test.runIf(hasDbus).each(["path", "abstract"] as const)(
    "a D-Bus of the person's answers nothing (%s)",
    async (kind) => {
      const name = path.join(project.home, "bus");
      const address = `unix:${kind}=${name}`;
      const call = [
        "--type=method_call",
        "--print-reply",
        "--dest=org.freedesktop.DBus",
        "/",
        "org.freedesktop.DBus.ListNames",
      ];
      const send = (env: Record<string, string>) =>
        execa("dbus-send", ["--session", ...call], { env, reject: false }).then(({ exitCode }) => exitCode === 0);
      await start("dbus-daemon", ["--session", "--nofork", `--address=${address}`], () =>
        send({ DBUS_SESSION_BUS_ADDRESS: address }),
      );
      const { all } = await withEnvironment(
        `echo "bus=$DBUS_SESSION_BUS_ADDRESS"; DBUS_SESSION_BUS_ADDRESS=${address} dbus-send --session ${call.join(" ")} && echo REACHED`,
        { DBUS_SESSION_BUS_ADDRESS: address },
      );
      expect(all).toContain("bus=\n");
      expect(all).not.toContain("REACHED");
      expect(all).toMatch(/Failed to open connection/u);
    },
  );

  test("a Docker socket answers nothing: by its variable, at a path of its own, bound by a relative name", async () => {
    await mkdir(path.join(project.home, "engine"));
    const places = [path.join(project.home, "engine/docker.sock"), path.join(project.dir, "docker.sock")];
    for (const place of places) {
      const server = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nREACHED"));
      servers.push(server.listen(place));
      await once(server, "listening");
    }
    const relative = path.join(project.home, "engine/relative.sock");
    const serve = "require('net').createServer(s=>s.end('HTTP/1.1 200 OK\\r\\n\\r\\nREACHED')).listen('relative.sock')";
    const asked = (socket: string) => `curl -sS -m 3 --unix-socket ${socket} http://docker/_ping`;
    await start(
      "node",
      ["-e", serve],
      async () => (await execa("bash", ["-c", asked(relative)], { reject: false })).stdout === "REACHED",
      path.dirname(relative),
    );
    const { all } = await withEnvironment(
      `echo "host=$DOCKER_HOST"; ${[...places, relative, "/run/docker.sock", "/var/run/docker.sock"].map(asked).join("; ")}`,
      { DOCKER_HOST: `unix://${places[0]}` },
    );
    expect(all).toContain("host=\n");
    expect(all).not.toContain("REACHED");
    expect(all?.match(/curl:/gu)).toHaveLength(5);
  });

  test.runIf(hasPython)(
    "ptrace reaches no process outside, by number or by name, nor the sandbox's own first one",
    async () => {
      const sleeper = spawn("sleep", ["1000"], { stdio: "ignore" });
      running.push(sleeper);
      const attach = [
        "import ctypes, os",
        "libc = ctypes.CDLL(None, use_errno=True)",
        // PTRACE_SEIZE, and process_vm_readv's cousin /proc/PID/mem.
        `for pid in [1, ${sleeper.pid}, ${process.pid}]:`,
        "  r = libc.ptrace(0x4206, pid, 0, 0)",
        "  print('seize', pid == 1, r, ctypes.get_errno())",
        "  try:",
        "    open(f'/proc/{pid}/mem', 'rb+', 0).close(); print('OPENED', pid)",
        "  except OSError as error: print('mem', error.errno)",
        "print('seen', sorted(int(p) for p in os.listdir('/proc') if p.isdigit())[-1] < 50)",
      ].join("\n");
      await project.write({ "src/a/attach.py": attach });
      const { output } = await project.run(project.spec(["src/a/**"]), "python3 src/a/attach.py");
      expect(output.match(/seize False -1 3/gu), output).toHaveLength(2);
      expect(output).toContain("seen True");
      expect(sleeper.exitCode).toBeNull();
    },
  );

  test("a call that never ends is ended, with everything it started", async () => {
    const sandbox = new BubblewrapSandbox({ wrapper: WRAPPER, home: project.home, limits: { wallSeconds: 1 } });
    try {
      const prepared = await sandbox.prepare(project.spec(["src/a/**"]));
      const run = await execa(
        WRAPPER,
        ["-c", "trap '' TERM HUP INT; (setsid sleep 983 &); nohup sleep 983 & while :; do sleep 983; done"],
        { cwd: project.dir, env: prepared.env, reject: false, all: true },
      );
      expect(run.exitCode).toBe(137);
      expect(run.all).toContain("ended after 1 s");
      await expect.poll(() => processes("sleep 983")).toEqual([]);
    } finally {
      await sandbox.dispose();
    }
  });

  test("whoever kills what counts the time ends the call", async () => {
    const { output } = await project.run(
      project.spec(["src/a/**"]),
      "kill -9 $PPID; kill -9 $(pgrep -x timeout); sleep 982; echo on",
    );
    expect(output).not.toMatch(/^on$/mu);
    await expect.poll(() => processes("sleep 982")).toEqual([]);
  });

  test("a call ends with the process that made it, however that ends", async () => {
    const prepared = await project.sandbox.prepare(project.spec(["src/a/**"]));
    const command = "touch src/a/up; (setsid sleep 981 &); sleep 981";
    const host = spawn(
      process.execPath,
      [
        "-e",
        `require("child_process").spawn(${JSON.stringify(WRAPPER)}, ["-c", ${JSON.stringify(command)}], {detached: true, stdio: "ignore"}); setInterval(() => 0, 1e6)`,
      ],
      { cwd: project.dir, env: { ...process.env, ...prepared.env }, stdio: "ignore" },
    );
    await expect.poll(() => processes("sleep 981").length, { timeout: 20_000 }).toBe(2);
    host.kill("SIGKILL");
    await expect.poll(() => processes("sleep 981"), { timeout: 20_000 }).toEqual([]);
  });
});

function processes(commandLine: string): string[] {
  const table = execFileSync("ps", ["-eo", "args"]).toString().split("\n");
  return table.filter((line) => line.trim() === commandLine);
}
