import { rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestProject } from "./project.ts";
import { sandboxed } from "./sandboxed.ts";

/** Each tries to change something outside `src/a`. `$P` is the project, `$B` the directory beside it. */
const ATTEMPTS: Record<string, string> = {
  redirect: "echo x > src/b/out.ts",
  append: "echo x >> src/b/out.ts",
  "new file": "echo x > src/b/new.ts",
  "new file in the root": "echo x > new.ts",
  "new directory": "mkdir -p src/c/d",
  heredoc: "cat > src/b/out.ts <<E\nx\nE",
  "parent path": "echo x > src/a/../b/out.ts",
  "out of the project": "echo x > ../beside/file",
  "absolute path": 'echo x > "$P/src/b/out.ts"; echo x > "$B/file"; echo x > /etc/aegis-test',
  "sed -i": "sed -i s/out/x/ src/b/out.ts",
  "perl -i": "perl -pi -e s/out/x/ src/b/out.ts",
  perl: "perl -e 'open F, \">src/b/out.ts\"; print F 1'",
  python: "python3 -c \"open('src/b/out.ts','w').write('x')\"",
  "node -e": 'node -e \'fs.writeFileSync("src/b/out.ts","x")\'',
  awk: "awk 'BEGIN { print 1 > \"src/b/out.ts\" }'",
  ed: "printf '%s\\n' 1d w q | ed src/b/out.ts; printf ':1d\\n:wq\\n' | ex src/b/out.ts",
  "git apply":
    "printf 'diff --git a/src/b/out.ts b/src/b/out.ts\\n--- a/src/b/out.ts\\n+++ b/src/b/out.ts\\n@@ -1 +1 @@\\n-out\\n+x\\n' | git apply",
  patch: "printf '%s\\n' '--- a/src/b/out.ts' '+++ b/src/b/out.ts' '@@ -1 +1 @@' -out +x | patch -p1",
  "git checkout": "git checkout HEAD~0 -- src/b/out.ts; git rm -f src/b/out.ts; git mv src/b/out.ts src/a/",
  "symlink to a file": "ln -s ../b/out.ts src/a/l; echo x > src/a/l",
  "symlink to a directory": "ln -s ../b src/a/ld; echo x > src/a/ld/out.ts; touch src/a/ld/new",
  "symlink to the root": "ln -s / src/a/lr; echo x > src/a/lr$B/file",
  "hard link": "ln src/b/out.ts src/a/h && echo x > src/a/h; ln -P $B/file src/a/h2 && echo x > src/a/h2",
  mv: "mv src/b/out.ts src/a/stolen",
  "mv over": "echo x > src/a/n; mv src/a/n src/b/out.ts",
  "move a directory": "mv src/b src/a/b2; mv src/b src/d; mv src/a src/z",
  cp: "cp src/a/in.ts src/b/out.ts; cp -l src/a/in.ts src/b/l",
  tee: "echo x | tee src/b/out.ts",
  dd: "echo x | dd of=src/b/out.ts",
  install: "install -m 755 src/a/in.ts src/b/out.ts",
  truncate: "truncate -s 0 src/b/out.ts",
  unlink: "rm -f src/b/out.ts; unlink src/b/out.ts",
  "rm -rf": "rm -rf src/b README.md $B",
  chmod: "chmod 777 src/b/out.ts src/b; chmod 777 .",
  touch: "touch -d 2001-01-01 src/b/out.ts",
  "rsync and tar": "tar cf - -C src/a in.ts | tar xf - -C src/b",
  "script of its own": "echo 'echo x > src/b/out.ts' > src/a/s.sh; sh src/a/s.sh",
  background: "(setsid sh -c 'echo x > src/b/out.ts' &) ; nohup sh -c 'echo x > src/b/n' & wait",
  "/proc/1/root": "echo x > /proc/1/root$P/src/b/out.ts; echo x > /proc/self/root$B/file",
  "/proc/self/fd": "exec 7<src/b/out.ts; echo x > /proc/self/fd/7; exec 8<src/b; echo x > /proc/self/fd/8/new",
  "/proc/self/cwd": "echo x > /proc/self/cwd/src/b/out.ts; echo x > /proc/1/cwd/src/b/out.ts",
  "inherited descriptors": 'for f in /proc/self/fd/*; do echo x > "$f/src/b/out.ts"; done',
  "bind mount": "mount --bind src/a src/b; mount -t tmpfs none src/b; echo x > src/b/out.ts",
  remount: "mount -o remount,rw,bind src/b; mount -o remount,rw /; mount -o remount,rw,bind $P; echo x > src/b/out.ts",
  umount: "umount src/b; umount -l $P; umount -l src/a; echo x > src/b/out.ts",
  "own user namespace":
    "unshare -Urm sh -c 'mount -o remount,rw,bind src/b; mount -o remount,rw,bind /; umount -l src/a; echo x > src/b/out.ts'",
  "nested bwrap": "bwrap --bind / / --dev /dev sh -c 'echo x > src/b/out.ts'",
  chroot: "chroot / sh -c 'echo x > /etc/aegis-test'",
  core_pattern: "echo '|/bin/touch /etc/aegis-test' > /proc/sys/kernel/core_pattern",
  sysrq: "echo h > /proc/sysrq-trigger",
  "device node": "mknod src/a/disk b 8 0 && echo x > src/a/disk",
  "other process's memory": "gdb -p 1 -batch; dd if=/dev/zero of=/proc/1/mem count=1",
  "package manager": "npm pkg set x=y; npm init -y",
  "user configuration":
    "git config --global user.name x; mkdir -p ~/.config/opencode && echo {} > ~/.config/opencode/opencode.json; echo x >> ~/.bashrc",
  ".git":
    "git commit --allow-empty -m x; echo x > .git/HEAD; git config user.name x; touch .git/hooks/pre-commit; git stash; git tag t",
  ".git moved": "mv .git .git2; rm -rf .git",
  "the swarm's log": "echo x > .aegis/log; rm -rf .aegis; mv .aegis src/a/",
  configuration: "echo x > opencode.json; echo x > aegis.jsonc; mkdir .opencode .husky",
  "into another process's namespaces":
    "nsenter -t 1 -m -n sh -c 'echo x > src/b/out.ts'; nsenter --mount=/proc/1/ns/mnt sh -c 'echo x > src/b/out.ts'",
  "the new mount calls": python(
    // open_tree(CLONE), mount_setattr without read-only, move_mount over the directory.
    "fd=libc.syscall(428,-100,b'src/b',0x8001); libc.syscall(442,fd,b'',0x1000,bytes(8)+(1).to_bytes(8,'little')+bytes(16),32); libc.syscall(429,fd,b'',-100,b'src/b',4)",
    "open('src/b/out.ts','w').write('x')",
  ),
  "a file by its handle": python(
    "h=(ctypes.c_char*136).from_buffer(bytearray((128).to_bytes(4,'little')+bytes(132))); m=ctypes.c_int(); libc.name_to_handle_at(-100,b'src/b/out.ts',h,ctypes.byref(m),0); fd=libc.open_by_handle_at(os.open('.',0),h,2); os.write(fd,b'x')",
  ),
  "O_PATH, opened anew": python("fd=os.open('src/b/out.ts',os.O_PATH); open(f'/proc/self/fd/{fd}','w').write('x')"),
  "a shared mapping": python(
    "import mmap; fd=os.open('src/b/out.ts',os.O_RDONLY); m=mmap.mmap(fd,4,mmap.MAP_SHARED,mmap.PROT_READ|mmap.PROT_WRITE); m[0:1]=b'x'",
  ),
  "an exchange of two names": python("libc.renameat2(-100,b'src/a/in.ts',-100,b'src/b/out.ts',2)"),
  "a nameless file linked in": python(
    "fd=os.open('src/a',os.O_TMPFILE|os.O_RDWR); libc.linkat(-100,f'/proc/self/fd/{fd}'.encode(),-100,b'src/b/new',0x400)",
  ),
  "a program in memory": python(
    "fd=os.memfd_create('m',0); os.write(fd,b'#!/bin/sh\\necho x > src/b/out.ts'); os.execv(f'/proc/self/fd/{fd}',['m'])",
  ),
  "a terminal's input": python(
    "import fcntl; [fcntl.ioctl(os.open('/dev/tty',2),0x5412,c) for c in b'touch src/b/new\\n']",
  ),
  "something that runs later":
    "echo 'touch /etc/aegis-test' | at now; echo '* * * * * touch /etc/aegis-test' | crontab -; echo '* * * * * root touch /etc/aegis-test' > /etc/cron.d/aegis-test; systemd-run touch /etc/aegis-test; mkdir -p ~/.config/systemd/user && echo x > ~/.config/systemd/user/x.service",
  "another user": "sudo -n sh -c 'echo x > src/b/out.ts'; su -c 'echo x > src/b/out.ts'; pkexec touch src/b/new",
  "a program with the owner's rights":
    "cp /bin/sh src/a/sh; chmod 6755 src/a/sh; src/a/sh -p -c 'echo x > src/b/out.ts'",
  "attributes and holes":
    "setfattr -n user.x -v y src/b/out.ts; chattr +i src/b/out.ts; fallocate -p -l 2 src/b/out.ts",
  "a pipe and a socket for a name": "mkfifo src/b/f; python3 -c \"import socket; socket.socket(1).bind('src/b/s')\"",
  "a core dump": "ulimit -c unlimited; (cd src/b && sh -c 'kill -ABRT $$')",
  "a repository elsewhere over these files":
    "git --git-dir=/tmp/g --work-tree=$P init -q; GIT_DIR=/tmp/g GIT_WORK_TREE=$P git clean -fdq; GIT_DIR=/tmp/g GIT_WORK_TREE=$P git fetch -q .git; GIT_DIR=/tmp/g GIT_WORK_TREE=$P git checkout -qf FETCH_HEAD~0 -- .; GIT_DIR=/tmp/g GIT_WORK_TREE=$P git rm -rqf .",
  "git's less known writers":
    "git worktree add -q src/b/w; git fast-import < /dev/null; git update-index --chmod=+x README.md; git notes add -m x; git submodule add ./src/a sub; git replace HEAD HEAD; git gc -q; git maintenance start; git config --local --add core.hooksPath src/a; git bisect start; git rerere; git pack-refs --all",
  "the sandbox's own places":
    "echo x > /run/aegis/x; ls /run/aegis/git && echo x > /run/aegis/git/HEAD; rm -rf /tmp/../run/*; umount /run",
};

/** A Python program that calls the C library. */
function python(...lines: string[]): string {
  const head = "import ctypes,os; libc=ctypes.CDLL(None,use_errno=True)";
  return lines.map((line) => `python3 - <<'E'\n${head}\n${line}\nE`).join("\n");
}

sandboxed("a Worker's shell cannot write outside its scope", () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await TestProject.create();
  });
  afterAll(async () => {
    await rm("/etc/aegis-test", { force: true });
    await project.remove();
  });

  const outside = (state: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(state).filter(([name]) => !name.startsWith("project/src/a/") && name !== "project/dist"),
    );

  test.each(Object.entries(ATTEMPTS))("%s", async (_name, attempt) => {
    const before = outside(await project.state());
    const setup = `P=${project.dir} B=${project.beside}`;
    const marker = "echo landed > src/a/marker";
    const result = await project.run(project.spec(["src/a/**"]), `${setup}\n${attempt}\n${marker}`);
    expect(await project.read("src/a/marker"), result.output).toBe("landed\n");
    expect(outside(await project.state())).toEqual(before);
    await expect(rm("/etc/aegis-test")).rejects.toThrow();
    await rm(path.join(project.dir, "src/a"), { recursive: true });
    await project.write({ "src/a/in.ts": "in\n" });
  });

  test("there are enough of them", () => {
    expect(Object.keys(ATTEMPTS).length).toBeGreaterThanOrEqual(70);
  });
});
