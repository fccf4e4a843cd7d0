import { readdir, symlink } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScopeNotBindableError } from "../../../src/adapters/sandbox/errors.ts";
import { TestProject } from "./project.ts";
import { sandboxed } from "./sandboxed.ts";

let project: TestProject;
beforeEach(async () => {
  project = await TestProject.create();
});
afterEach(async () => {
  await project.remove();
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
