import { createHash } from "node:crypto";
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { type BubblewrapOptions, BubblewrapSandbox } from "../../../src/adapters/sandbox/bubblewrap.ts";
import type { SandboxRole, SandboxSpec } from "../../../src/ports/sandbox.ts";

export const WRAPPER = fileURLToPath(new URL("../../../scripts/aegis-shell/bash", import.meta.url));

/** A git project, a directory beside it, and a home with secrets, all in one temporary directory. */
export class TestProject {
  readonly base: string;
  readonly dir: string;
  readonly beside: string;
  readonly home: string;
  readonly sandbox: BubblewrapSandbox;

  private constructor(base: string, options: Partial<BubblewrapOptions>) {
    this.base = base;
    this.dir = path.join(base, "project");
    this.beside = path.join(base, "beside");
    this.home = path.join(base, "home");
    this.sandbox = new BubblewrapSandbox({ wrapper: WRAPPER, home: this.home, ...options });
  }

  /** @param parent a directory outside /tmp is seen by the sandbox, one below /tmp is hidden by its private /tmp */
  static async create(options: Partial<BubblewrapOptions> = {}, parent = tmpdir()): Promise<TestProject> {
    const project = new TestProject(await realpath(await mkdtemp(path.join(parent, "aegis-test-"))), options);
    await project.write({
      "src/a/in.ts": "in\n",
      "src/b/out.ts": "out\n",
      "src/top.ts": "top\n",
      "README.md": "readme\n",
      "package.json": "{}\n",
      ".gitignore": "node_modules/\ndist/\n",
      "opencode.json": "{}\n",
      ".aegis/log": "log\n",
      "../beside/file": "beside\n",
      "../home/.ssh/id_ed25519": "PRIVATE\n",
      "../home/.netrc": "PRIVATE\n",
      "../home/.env.local": "PRIVATE\n",
      "../home/.config/gh/hosts.yml": "PRIVATE\n",
      "../home/.local/share/opencode/auth.json": "PRIVATE\n",
      "../home/.gitconfig": "[user]\n\tname = T\n",
    });
    await project.git("init", "-q", "-b", "main");
    await project.git("add", "-A");
    await project.git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "first");
    return project;
  }

  async git(...args: string[]): Promise<string> {
    return (await execa("git", args, { cwd: this.dir })).stdout;
  }

  async write(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.dir, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  read(name: string): Promise<string> {
    return readFile(path.join(this.dir, name), "utf8");
  }

  spec(scope: readonly string[], role: SandboxRole = "worker", more: Partial<SandboxSpec> = {}): SandboxSpec {
    return { role, projectDir: this.dir, scope, privateId: "w01", ...more };
  }

  run(spec: SandboxSpec, command: string | readonly string[], timeoutMs = 20_000) {
    return this.sandbox.run(spec, command, { cwd: this.dir, timeoutMs });
  }

  /** Everything in the project and beside it, as path → content hash, mode and link target. */
  async state(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const root of [this.dir, this.beside]) {
      // With file types, because the plain recursive listing follows links, and one test makes a link to the root.
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        const file = path.join(entry.parentPath, entry.name);
        const info = await lstat(file);
        const content = info.isSymbolicLink()
          ? await readlink(file)
          : info.isFile()
            ? hash(await readFile(file))
            : "dir";
        found[path.relative(this.base, file)] = `${info.mode.toString(8)} ${content}`;
      }
    }
    return found;
  }

  async remove(): Promise<void> {
    await this.sandbox.dispose();
    await rm(this.base, { recursive: true, force: true });
  }
}

function hash(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
