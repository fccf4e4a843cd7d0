import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, stat } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BubblewrapSandbox } from "../../../src/adapters/sandbox/bubblewrap.ts";
import { TestProject, WRAPPER } from "./project.ts";
import { sandboxed } from "./sandboxed.ts";

let project: TestProject;
beforeEach(async () => {
  project = await TestProject.create();
});
afterEach(async () => {
  await project.remove();
});

function processes(commandLine: string): string[] {
  const table = execFileSync("ps", ["-eo", "args"]).toString().split("\n");
  return table.filter((line) => line.trim() === commandLine);
}

sandboxed("network, processes and secrets", () => {
  test("a server on the host's loopback is out of reach, one inside works", async () => {
    const server = createServer((socket) => socket.end("host")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    try {
      const result = await project.run(
        project.spec(["src/a/**"]),
        `exec 5<>/dev/tcp/127.0.0.1/${port} && cat <&5 || echo refused`,
      );
      expect(result.output).toContain("refused");
    } finally {
      server.close();
    }
    const inside =
      "const s=require('net').createServer(c=>c.end('inside')).listen(0,'127.0.0.1',()=>require('net').connect(s.address().port,'127.0.0.1').on('data',d=>{console.log(String(d));process.exit()}))";
    const result = await project.run(project.spec(["src/a/**"]), ["node", "-e", inside]);
    expect(result.output).toBe("inside\n");
  });

  test("Unix sockets of the host cannot be connected to", async () => {
    const file = path.join(project.dir, "docker.sock");
    const server = createServer((socket) => socket.end("host")).listen(file);
    await once(server, "listening");
    try {
      const connect = `require('net').connect(${JSON.stringify(file)}).on('data',()=>console.log('reached')).on('error',e=>console.log('refused',e.code))`;
      expect((await execa("node", ["-e", connect])).stdout).toBe("reached");
      const result = await project.run(project.spec(["src/a/**"]), ["node", "-e", connect]);
      expect(result.output).toContain("refused");
      const run = await project.run(
        project.spec(["src/a/**"]),
        "ls /run /var/run/ | grep -v -e : -e '^$'; ls /run/docker.sock",
      );
      expect(run.output).toContain("No such file");
      expect(run.output).not.toMatch(/dbus|systemd|user/);
    } finally {
      server.close();
    }
  });

  test("processes of the host are neither seen nor killed", async () => {
    const sleeper = spawn("sleep", ["1000"], { stdio: "ignore" });
    try {
      const result = await project.run(
        project.spec(["src/a/**"]),
        `kill -9 ${sleeper.pid}; kill -9 -1; cat /proc/${sleeper.pid}/cmdline`,
      );
      expect(result.exitCode).not.toBe(0);
      expect(sleeper.exitCode).toBeNull();
      expect(sleeper.signalCode).toBeNull();
    } finally {
      sleeper.kill("SIGKILL");
    }
  });

  test.each([
    ["&", "sleep 987 & echo started"],
    ["nohup setsid", "nohup setsid sleep 987 >/dev/null 2>&1 & echo started"],
    ["double fork", "( (setsid sleep 987 &) & ); echo started"],
    [
      "a detached interpreter",
      'node -e \'require("child_process").spawn("sleep",["987"],{detached:true,stdio:"ignore"}).unref()\'; echo started',
    ],
  ])("a process left behind with %s dies with the call", async (_name, command) => {
    const result = await project.run(project.spec(["src/a/**"]), command);
    expect(result.output).toBe("started\n");
    expect(result.durationMs).toBeLessThan(5_000);
    await expect.poll(() => processes("sleep 987")).toEqual([]);
  });

  test("timeout and abort end everything", async () => {
    const late = await project.run(project.spec(["src/a/**"]), "echo begun; sleep 986 & sleep 986", 700);
    expect(late).toMatchObject({ timedOut: true, aborted: false, exitCode: undefined, output: "begun\n" });
    const abort = new AbortController();
    const running = project.sandbox.run(project.spec(["src/a/**"]), "touch src/a/up; sleep 986", {
      cwd: project.dir,
      timeoutMs: 20_000,
      signal: abort.signal,
    });
    await expect
      .poll(() =>
        stat(path.join(project.dir, "src/a/up")).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    abort.abort();
    expect(await running).toMatchObject({ timedOut: false, aborted: true });
    await expect.poll(() => processes("sleep 986")).toEqual([]);
  });

  test("secrets in the home, the environment and bwrap's own environment are out of sight", async () => {
    const environment = {
      ...process.env,
      HOME: project.home,
      MY_API_KEY: "PRIVATE",
      GITHUB_TOKEN: "PRIVATE",
      OPENCODE_SERVER_PASSWORD: "PRIVATE",
      SSH_AUTH_SOCK: "/PRIVATE",
      KEEP_ME: "kept",
    };
    const other = await TestProject.create({ environment }, "/var/tmp");
    const sandbox = new BubblewrapSandbox({ wrapper: WRAPPER, home: other.home, environment });
    try {
      const look = `cd ${other.home}; ls -a .ssh .config/gh .local/share/opencode; cat .ssh/id_ed25519 .netrc .env.local .config/gh/hosts.yml; env; tr '\\0' '\\n' < /proc/1/environ; git config -f .gitconfig user.name`;
      const direct = await sandbox.run(other.spec(["src/a/**"]), look, { cwd: other.dir, timeoutMs: 20_000 });
      expect(direct.output).not.toContain("PRIVATE");
      expect(direct.output).toContain("KEEP_ME=kept");
      expect(direct.output).toMatch(/^T$/m);
      // As OpenCode calls it: the whole environment is there, and the wrapper has to take the secrets out.
      const prepared = await sandbox.prepare(other.spec(["src/a/**"]));
      const viaWrapper = execFileSync(WRAPPER, ["-c", look], {
        cwd: other.dir,
        env: { ...environment, ...prepared.env },
        stdio: "pipe",
      }).toString();
      expect(viaWrapper).toContain("KEEP_ME=kept");
      expect(viaWrapper).not.toContain("PRIVATE");
      expect(viaWrapper).not.toContain("AEGIS_");
    } finally {
      await sandbox.dispose();
      await other.remove();
    }
  });

  test("a process that takes too much memory fails, node itself does not", async () => {
    const small = new BubblewrapSandbox({
      wrapper: WRAPPER,
      home: project.home,
      limits: { memoryBytes: 1_000_000_000 },
    });
    try {
      const options = { cwd: project.dir, timeoutMs: 20_000 };
      const fine = await small.run(project.spec([]), ["node", "-e", "console.log(1 + 1)"], options);
      expect(fine.output).toBe("2\n");
      const greedy = await small.run(
        project.spec([]),
        ["node", "-e", "const all=[];for(let i=0;i<40;i++)all.push(Buffer.alloc(1e8,1));console.log('got it')"],
        options,
      );
      expect(greedy.exitCode).not.toBe(0);
      expect(greedy.output).not.toContain("got it");
    } finally {
      await small.dispose();
    }
  });

  test("output keeps its end, stdin and environment arrive, exit codes come back", async () => {
    const big = await project.run(project.spec([]), "yes line | head -n 100000; echo the end; exit 7");
    expect(big.exitCode).toBe(7);
    expect(big.output).toHaveLength(50_000);
    expect(big.output.endsWith("the end\n")).toBe(true);
    const fed = await project.sandbox.run(project.spec([]), 'cat; echo "$EXTRA"; echo "$0 $1"', {
      cwd: project.dir,
      timeoutMs: 20_000,
      stdin: "in\n",
      env: { EXTRA: "e", MY_TOKEN: "t" },
    });
    expect(fed.output).toMatch(/^in\ne\n/);
    const words = await project.run(project.spec([]), ["printf", "%s|", "a b", "$HOME", "`id`"]);
    expect(words.output).toBe("a b|$HOME|`id`|");
  });

  test("extra directories are bound where asked", async () => {
    await mkdir(path.join(project.dir, "mnt"));
    const result = await project.sandbox.run(project.spec([]), "cat mnt/file; echo x > mnt/file", {
      cwd: project.dir,
      timeoutMs: 20_000,
      binds: [{ from: project.beside, to: path.join(project.dir, "mnt") }],
    });
    expect(result.output).toContain("beside\n");
    expect(result.output).toContain("Read-only");
  });
});
