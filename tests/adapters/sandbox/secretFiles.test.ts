import { symlink } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestProject } from "./project.ts";
import { sandboxed } from "./sandboxed.ts";

let project: TestProject;
beforeEach(async () => {
  project = await TestProject.create();
  await project.write({
    ".gitignore": "node_modules/\ndist/\n.env\n.env.*\n!.env.example\nlinked\n",
    ".env": "KEY=person\n",
    "src/a/.env.local": "KEY=person\n",
    "src/a/deep/er/.env": "KEY=person\n",
    "src/a/.env.example": "KEY=\n",
    "keys.txt": "KEY=person\n",
  });
  await symlink("../../keys.txt", path.join(project.dir, "src/a/.env.linked"));
});
afterEach(() => project.remove());

const PERSONS = [".env", "src/a/.env.local", "src/a/deep/er/.env", "keys.txt"];

/** `$f` is each of the files in turn. */
const ATTEMPTS: Record<string, string> = {
  redirect: 'echo x > "$f"',
  "sed -i": 'sed -i s/person/x/ "$f"',
  mv: 'echo x > /tmp/n; cp /tmp/n "$(dirname "$f")/n"; mv -f "$(dirname "$f")/n" "$f"',
  rm: 'rm -rf "$f"; rm -rf src/a/deep',
  "the directory moved": "mv src/a/deep src/a/moved; mv src/a/deep/er src/a/deep/es; mv src/a src/z; mv src other",
  node: 'node -e "fs.writeFileSync(process.argv[1], 1)" "$f"',
  "git told to ignore them no more": 'echo > .gitignore; echo x > "$f"',
  "git clean": "git clean -fdx; git stash -a",
};

sandboxed("a person's ignored .env files", () => {
  for (const role of ["commander", "worker", "qa"] as const) {
    const scope = role === "worker" ? ["src/a/**", ".env*", ".gitignore", "keys.txt"] : ["**"];
    test.each(Object.entries(ATTEMPTS))(`survive a ${role}'s shell: %s`, async (_name, attempt) => {
      const command = `for f in ${PERSONS.slice(0, 3).join(" ")} src/a/.env.linked; do ${attempt}; done; cat ${PERSONS[1]}; touch src/a/ran`;
      const { output } = await project.run(project.spec(scope, role), command);
      for (const file of PERSONS) expect(await project.read(file), output).toBe("KEY=person\n");
      expect(await project.read("src/a/ran")).toBe("");
    });
  }

  test("one that is not there may be made and mended in the call, and examples stay writable", async () => {
    const { output } = await project.run(
      project.spec(["**"], "commander"),
      "echo A=1 > src/b/.env; echo A=2 > src/b/.env; echo NEW= > src/a/.env.example",
    );
    expect(await project.read("src/b/.env"), output).toBe("A=2\n");
    expect(await project.read("src/a/.env.example")).toBe("NEW=\n");
  });

  test("git's ignore rules taken away in one call open nothing in the next", async () => {
    const spec = project.spec(["**"], "commander");
    await project.run(spec, "rm -f .gitignore; touch .gitignore");
    const { output } = await project.run(spec, "echo x > .env");
    expect(await project.read(".env"), output).toBe("KEY=person\n");
  });

  test("a tracked one is the project's own: git has it, and its scope says who writes it", async () => {
    await project.git("add", "-f", "src/a/.env.local");
    await project.run(project.spec(["src/a/**"]), "echo B=1 > src/a/.env.local");
    expect(await project.read("src/a/.env.local")).toBe("B=1\n");
  });
});
