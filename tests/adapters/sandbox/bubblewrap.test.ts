import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BubblewrapSandbox } from "../../../src/adapters/sandbox/bubblewrap.ts";
import { ScopeNotBindableError } from "../../../src/adapters/sandbox/errors.ts";
import { probeBubblewrap } from "../../../src/adapters/sandbox/probe.ts";
import { TestProject, WRAPPER } from "./project.ts";

const probe = await probeBubblewrap("bwrap");
if (!probe.usable) console.warn(`bubblewrap.test.ts skipped: ${probe.reason}. ${probe.mend}`);
const sandboxed = describe.runIf(probe.usable);

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

sandboxed("scopes as mounts", () => {
  test("a missing directory of the scope is made", async () => {
    await project.run(project.spec(["src/new/deep/**"]), "echo x > src/new/deep/f; echo x > src/new/f");
    expect(await readdir(path.join(project.dir, "src/new"), { recursive: true })).toEqual(["deep", "deep/f"]);
  });

  test("in-place editors work on a scope of one file, its neighbours stay", async () => {
    const result = await project.run(
      project.spec(["src/top.ts"]),
      "sed -i s/top/new/ src/top.ts; sed -i s/out/x/ src/b/out.ts; echo x > src/a/in.ts",
    );
    expect(await project.read("src/top.ts"), result.output).toBe("new\n");
    expect(await project.read("src/b/out.ts")).toBe("out\n");
    expect(await project.read("src/a/in.ts")).toBe("in\n");
  });

  test("a pattern inside a directory: matches are writable at every depth, the rest is not and cannot be moved away", async () => {
    await project.write({ "src/a/x.test.ts": "t\n", "src/a/deep/y.ts": "y\n" });
    const prepared = await project.sandbox.prepare(project.spec(["src/**/*.test.ts"]));
    await prepared.settle();
    const result = await project.run(
      project.spec(["src/**/*.test.ts"]),
      "echo 1 > src/a/x.test.ts; echo 2 > src/b/new.test.ts; echo 3 > src/a/deep/z.test.ts; echo no > src/a/in.ts; mv src/b src/c; mv src/a/deep src/a/d2; rm -rf src/a/deep/y.ts; rmdir src/a/deep; echo no > src/b/extra.ts; mkdir src/e; echo no > src/e/f.ts; echo 4 > src/e/g.test.ts",
    );
    const files = (await project.git("status", "--porcelain", "-uall")).split("\n").map((line) => line.slice(3));
    expect(files.sort()).toEqual([
      "src/a/deep/y.ts",
      "src/a/deep/z.test.ts",
      "src/a/x.test.ts",
      "src/b/new.test.ts",
      "src/e/g.test.ts",
    ]);
    expect(await project.read("src/a/in.ts")).toBe("in\n");
    expect(await project.read("src/a/deep/y.ts")).toBe("y\n");
    expect(result.output).toContain("src/b/extra.ts, src/e/f.ts");
  });

  test("braces and classes in directory names", async () => {
    await project.write({ "app/[id]/page.ts": "p\n", "lib/x.ts": "l\n" });
    await project.run(
      project.spec(["{src/a,lib}/**"]),
      "echo 1 > src/a/in.ts; echo 1 > lib/x.ts; echo 1 > 'app/[id]/page.ts'; echo 1 > src/b/out.ts",
    );
    expect(
      (await project.git("status", "--porcelain", "-uall"))
        .split("\n")
        .map((line) => line.slice(3))
        .sort(),
    ).toEqual(["app/[id]/page.ts", "lib/x.ts", "src/a/in.ts"]);
    expect(await project.read("app/[id]/page.ts")).toBe("p\n");
  });

  test("settle removes new files outside the scope once, reports them, leaves other sessions' files", async () => {
    const spec = project.spec(["*.ts"], "worker", { except: ["*.css"] });
    const prepared = await project.sandbox.prepare(spec);
    await project.write({ "ok.ts": "1", "bad.txt": "1", "theirs.css": "1", "dir/f": "1", "aegis.jsonc": "{}" });
    expect(await prepared.settle()).toEqual(["aegis.jsonc", "bad.txt", "dir/f"]);
    expect(await prepared.settle()).toEqual(["aegis.jsonc", "bad.txt", "dir/f"]);
    const left = await readdir(project.dir);
    expect(left).toContain("ok.ts");
    expect(left).toContain("theirs.css");
    expect(left).not.toContain("bad.txt");
    expect(left).not.toContain("dir");
  });

  test("a link outside the scope that a call replaced is put back", async () => {
    await symlink("README.md", path.join(project.dir, "link.md"));
    const result = await project.run(project.spec(["*.ts"]), "rm link.md; echo x > link.md");
    expect(await project.read("link.md")).toBe("readme\n");
    expect(result.output).toContain("link.md");
  });

  test("a scattered scope stays within the bind budget and keeps existing files of the scope writable", async () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 600; i++) files[`many/f${i}.ts`] = "x\n";
    await project.write(files);
    await project.write({ "many/one.md": "m\n" });
    const result = await project.run(
      project.spec(["many/*.md"]),
      "echo new > many/one.md; echo x > many/f1.ts; echo x > many/f.ts",
    );
    expect(await project.read("many/one.md"), result.output).toBe("new\n");
    expect(await project.read("many/f1.ts")).toBe("x\n");
    expect(result.durationMs).toBeLessThan(2_000);
  });

  test("links and protected places are refused as scopes", async () => {
    await symlink(project.beside, path.join(project.dir, "out"));
    await symlink(".git", path.join(project.dir, "g"));
    for (const scope of ["out/**", "g/**", "out/x.ts"]) {
      await expect(project.sandbox.prepare(project.spec([scope]))).rejects.toThrow(ScopeNotBindableError);
    }
    for (const scope of [".git/**", ".aegis/**", ".husky/**", "src/b/.git/**"]) {
      await expect(project.sandbox.prepare(project.spec([scope]))).rejects.toThrow(/protected/);
    }
    await expect(project.sandbox.prepare(project.spec(["README.md/**"]))).rejects.toThrow(/is a file/);
  });

  test("a git worktree's own and common directories, and core.hooksPath, are read-only", async () => {
    await project.git("config", "core.hooksPath", "tools/hooks");
    await project.write({ "tools/hooks/pre-commit": "#!/bin/sh\n" });
    const tree = path.join(project.base, "tree");
    await project.git("worktree", "add", "-q", tree);
    const spec = { ...project.spec(["**"], "commander"), projectDir: tree };
    const inTree = await project.sandbox.run(
      spec,
      "git log --oneline; git commit --allow-empty -m x; echo x > .git; touch $(git rev-parse --git-dir)/x $(git rev-parse --git-common-dir)/x; echo ok > ok",
      { cwd: tree, timeoutMs: 20_000 },
    );
    expect(inTree.output).toContain("first");
    expect(await readdir(tree)).toContain("ok");
    expect(await project.git("log", "--all", "--oneline")).toMatch(/^\S+ first$/);
    await project.run(project.spec(["**"], "commander"), "echo evil >> tools/hooks/pre-commit; echo x > tools/other");
    expect(await project.read("tools/hooks/pre-commit")).toBe("#!/bin/sh\n");
    expect(await project.read("tools/other")).toBe("x\n");
  });

  test("git reads as usual in the sandbox", async () => {
    await project.write({ "src/a/in.ts": "changed\n" });
    const result = await project.run(
      project.spec(["src/a/**"]),
      "git status --porcelain && git diff --stat && git log --oneline",
    );
    expect(result.exitCode, result.output).toBe(0);
    expect(result.output).toContain("M src/a/in.ts");
  });

  test("a project outside /tmp", async () => {
    const other = await TestProject.create({}, "/var/tmp");
    try {
      const before = await other.git("rev-parse", "HEAD");
      await other.run(
        other.spec(["src/a/**"]),
        "echo 1 > src/a/in.ts; echo 1 > src/b/out.ts; git commit -am x; echo 1 > ../beside/file",
      );
      expect(await other.git("status", "--porcelain")).toBe(" M src/a/in.ts");
      expect(await other.git("rev-parse", "HEAD")).toBe(before);
    } finally {
      await other.remove();
    }
  });
});

sandboxed("private build and cache directories", () => {
  test("a Worker builds into its own copy; the project's stays, and it lasts from call to call", async () => {
    await project.write({ "dist/old.js": "old\n", "node_modules/x/index.js": "x\n" });
    const spec = project.spec(["src/a/**"]);
    const first = await project.run(
      spec,
      "cat dist/old.js && echo new > dist/new.js && mkdir -p node_modules/.vite-temp && echo t > node_modules/.vite-temp/t && echo y > node_modules/x/index.js",
    );
    expect(first.output).toContain("old\n");
    expect(await readdir(path.join(project.dir, "dist"))).toEqual(["old.js"]);
    expect(await project.read("node_modules/x/index.js")).toBe("x\n");
    const again = await project.run(spec, "cat dist/new.js node_modules/.vite-temp/t; echo kept > /tmp/note");
    expect(again.output).toBe("new\nt\n");
    const other = await project.run({ ...spec, privateId: "w02" }, "ls dist; cat /tmp/note");
    expect(other.output).toMatch(/^old\.js\n.*No such file/);
  });

  test("directories made only to mount on are gone after dispose", async () => {
    await project.run(project.spec(["src/a/**"]), "echo x > dist/x && cat dist/x");
    await project.sandbox.dispose();
    expect(await readdir(project.dir)).not.toContain("dist");
    expect(await project.git("status", "--porcelain")).toBe("");
  });
});

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

function processes(commandLine: string): string[] {
  const table = execFileSync("ps", ["-eo", "args"]).toString().split("\n");
  return table.filter((line) => line.trim() === commandLine);
}

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
