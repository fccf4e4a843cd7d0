import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findGitWrites } from "../../../src/core/shell/findGitWrites.ts";

const verbs = (command: string, aliases?: Record<string, string>) =>
  findGitWrites(command, aliases).map((write) => write.verb);

describe("a write is found in any form", () => {
  test.each([
    ["git commit -m x", "commit"],
    ["git -c user.name=a commit", "commit"],
    ["git -C sub --no-pager commit", "commit"],
    ["git --git-dir=.git --work-tree . commit", "commit"],
    ["/usr/bin/git commit", "commit"],
    ["./../usr/bin/git push", "push"],
    ["/usr/lib/git-core/git-commit -m x", "commit"],
    ["command git commit", "commit"],
    ["env A=b git commit", "commit"],
    ["env -u X -i git commit", "commit"],
    ["env -S 'git commit -m x'", "commit"],
    ["GIT_DIR=.git GIT_INDEX_FILE=/tmp/i git commit", "commit"],
    ["nohup git push &", "push"],
    ["sudo -u bob git push", "push"],
    ["sudo git push", "push"],
    ["time git rebase main", "rebase"],
    ["timeout 5 git push", "push"],
    ["timeout -k 1 5s git push", "push"],
    ["nice -n 5 git gc", "gc"],
    ["exec git commit", "commit"],
    ["setsid git commit", "commit"],
    ["stdbuf -oL git commit", "commit"],
    ['sh -c "git commit -m x"', "commit"],
    ["bash -lc 'cd x && git commit'", "commit"],
    ["bash -e -o pipefail -c 'git commit'", "commit"],
    ["/bin/sh -c \"sh -c 'git commit'\"", "commit"],
    ['eval "git commit"', "commit"],
    ["eval git com''mit", "commit"],
    ["echo x | xargs git commit -m", "commit"],
    ["ls | xargs -n 1 git add", "add"],
    ["echo commit | xargs git", "commit"],
    ["echo commit | xargs -I{} git {} -m x", "commit"],
    ["echo 'git commit' | xargs -0 sh -c", "commit"],
    ["echo $(git commit -m x)", "commit"],
    ["echo `git commit -m x`", "commit"],
    ['echo "a $(git commit) b"', "commit"],
    ["cat <(git commit)", "commit"],
    ['g"i"t commit', "commit"],
    ["g\\it co\\mmit", "commit"],
    ["'git' 'commit'", "commit"],
    ["$'\\x67it' commit", "commit"],
    ["gi\\\nt com\\\nmit", "commit"],
    ["git \\\n  commit -m x", "commit"],
    ["G=git; $G commit", "commit"],
    ["G=git\n${G} commit", "commit"],
    ['X="git commit"; $X', "commit"],
    ["a=g; b=it; $a$b commit", "commit"],
    ["V=commit; git $V", "commit"],
    ["git${IFS}commit", "commit"],
    ["$(echo git) commit", "commit"],
    ["$(printf '%s' git) commit", "commit"],
    ["${UNSET:-git} commit", "commit"],
    ['"$TOOL" commit -m x', "commit"],
    ["export G=git; $G commit", "commit"],
    ["git $(cat verb)", "?"],
    ['f() { git "$@"; }; f commit', "?"],
    ["for v in commit; do git $v; done", "?"],
    ["g?t commit", "commit"],
    ["/usr/bin/gi* commit", "commit"],
    ["{git,commit,-m,x}", "commit"],
    ["true && git commit", "commit"],
    ["false || git commit", "commit"],
    ["true; git commit", "commit"],
    ["ls | git commit -F -", "commit"],
    ["ls\ngit commit", "commit"],
    ["(cd x; git commit)", "commit"],
    ["{ git commit; }", "commit"],
    ["if true; then git commit; fi", "commit"],
    ["while git commit; do :; done", "commit"],
    ["! git commit", "commit"],
    ["case x in x) git commit;; esac", "commit"],
    ["git commit>/dev/null 2>&1", "commit"],
    ["2>/dev/null git commit", "commit"],
    ["sh <<'E'\ngit commit\nE", "commit"],
    ["bash <<-E\n\tgit commit\n\tE\n", "commit"],
    ["bash <<< 'git commit'", "commit"],
    ["cat <<E\n$(git commit)\nE", "commit"],
    ["echo 'git commit' | sh", "commit"],
    ["printf 'git commit\\n' | bash -s", "commit"],
    ["{ echo cd x; echo git commit; } | sh", "commit"],
    ["(echo git commit) | sh", "commit"],
    ["echo 'git commit' > x.sh; sh x.sh", "commit"],
    ["cat > x.sh <<E\ngit commit\nE\nchmod +x x.sh && ./x.sh", "commit"],
    ["echo 'git commit' > x; . ./x", "commit"],
    [`python3 -c "import os; os.system('git commit -m x')"`, "commit"],
    [`python -c 'import subprocess; subprocess.run(["git", "-C", ".", "commit"])'`, "commit"],
    [`node -e 'require("child_process").execSync("git push")'`, "push"],
    ["python3 - <<E\nimport os\nos.system('git commit')\nE", "commit"],
    [`perl -e 'system("git", "commit")'`, "commit"],
    [`awk 'BEGIN { system("git commit") }'`, "commit"],
    ["git -c alias.x=commit x", "commit"],
    ["git -c alias.x='!git commit' x", "commit"],
    ["alias g=git; g commit", "commit"],
    ["alias gc='git commit'\ngc -m x", "commit"],
    ["git config alias.x commit", "config"],
    ["find . -exec git add {} \\;", "add"],
    ["trap 'git commit' EXIT", "commit"],
    ["gh pr create --fill", "gh pr create"],
    ["gh api -X POST /repos/a/b/pulls", "gh api"],
    ["hub push", "push"],
    ["git submodule foreach 'git commit'", "commit"],
    ["git bisect run git commit", "bisect"],
    ["git stash", "stash"],
    ["git stash push -m x", "stash"],
    ["git stash pop", "stash"],
    ["git tag v1", "tag"],
    ["git tag -d v1", "tag"],
    ["git branch -D x", "branch"],
    ["git branch new", "branch"],
    ["git checkout -B x", "checkout"],
    ["git checkout main", "checkout"],
    ["git switch -C x", "switch"],
    ["git restore --staged x", "restore"],
    ["git update-ref HEAD x", "update-ref"],
    ["git symbolic-ref HEAD refs/heads/x", "symbolic-ref"],
    ["git commit-tree x", "commit-tree"],
    ["git config user.name x", "config"],
    ["git config --global core.hooksPath /x", "config"],
    ["git config set core.hooksPath /x", "config"],
    ["git am x.patch", "am"],
    ["git apply --index x.patch", "apply"],
    ["git worktree add ../x", "worktree"],
    ["git notes add -m x", "notes"],
    ["git replace a b", "replace"],
    ["git reflog expire --all", "reflog"],
    ["git remote add o u", "remote"],
    ["git hash-object -w x", "hash-object"],
    ["git merge x", "merge"],
    ["git cherry-pick x", "cherry-pick"],
    ["git revert x", "revert"],
    ["git reset --hard", "reset"],
    ["git filter-branch x", "filter-branch"],
    ["git pull", "pull"],
  ])("%s", (command, verb) => {
    expect(verbs(command)).toContain(verb);
  });

  test("the repository's own aliases are followed when they are known", () => {
    expect(verbs("git ci -m x", { ci: "commit" })).toEqual(["commit"]);
    expect(verbs("git save", { save: "!git add -A && git commit" })).toEqual(["add", "commit"]);
    expect(verbs("git loop", { loop: "loop" })).toEqual([]);
  });

  test("the form names the detour", () => {
    expect(findGitWrites("git commit")).toEqual([{ verb: "commit", form: "plain" }]);
    expect(findGitWrites("bash -lc 'git commit'")).toEqual([{ verb: "commit", form: "bash -c" }]);
    expect(findGitWrites("G=git; $G commit")).toEqual([{ verb: "commit", form: "variable" }]);
  });
});

describe("what only reads, or only mentions git, is left alone", () => {
  test.each([
    "git status",
    "git status --short 2>&1 | head",
    "git diff HEAD~1 -- src/commit.ts",
    "git log --grep=commit --oneline -5",
    "git log commit",
    "git show HEAD:commit",
    "git branch",
    "git branch 2>/dev/null",
    "git branch -a --contains abc",
    "git branch --show-current",
    "git tag",
    "git tag -l 'v*'",
    "git stash list",
    "git worktree list",
    "git remote -v",
    "git reflog",
    "git notes show",
    "git config --get user.name",
    "git config --list",
    "git config user.name",
    "git config -f .gitmodules --get-regexp path",
    "git commit --help",
    "git checkout -- src/a.ts",
    "git restore src/a.ts",
    "git apply fix.patch",
    "git commit-graph verify",
    "git hash-object x",
    "git ls-files | xargs grep -n push",
    "git rev-parse HEAD",
    "git blame a.ts",
    "git symbolic-ref HEAD",
    'echo "git commit"',
    "echo git commit > notes.md",
    'grep -r "git commit" .',
    "rg 'git push' docs | head",
    "cat <<'E' > README.md\nRun git commit.\nE",
    "# git commit",
    "ls # && git commit",
    "npm test -- --grep 'git commit'",
    "npm run commit",
    "python3 -c \"print('git status')\"",
    "python3 commit.py",
    "node scripts/push.mjs",
    "sed -i 's/git commit/x/' a.md",
    "xargs grep commit < list",
    "find . -name '*.git' -exec ls {} \\;",
    "digit commit",
    "widget commit",
    "git",
    "git --version",
    "gh pr view 1",
    "gh pr list",
    "mkdir -p commit && cd commit",
    "$EDITOR src/x.ts",
    "",
  ])("%s", (command) => {
    expect(verbs(command)).toEqual([]);
  });
});

describe("any text", () => {
  const shellish = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "git",
          "commit",
          "$(",
          ")",
          "`",
          "'",
          '"',
          "\\",
          "\n",
          "<<E",
          "E",
          "{",
          "}",
          "|",
          "&",
          ";",
          "(",
          "sh -c ",
        ),
        fc.constantFrom(
          "${",
          "$'",
          "<<<",
          "<(",
          ">",
          "eval ",
          "xargs ",
          "A=",
          "$A",
          "#",
          " ",
          "alias x=",
          "env ",
          "[",
          "*",
        ),
        fc.string({ maxLength: 5 }),
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(""));

  test("never throws", () => {
    fc.assert(
      fc.property(fc.oneof(shellish, fc.string({ unit: "binary", maxLength: 200 })), (text) => {
        expect(Array.isArray(findGitWrites(text))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test("a write behind balanced text is still seen", () => {
    const quiet = fc.constantFrom(
      "true",
      "echo 'x; y'",
      'echo "$(ls)"',
      "cat <<E\n'\nE",
      "A=b ls | wc",
      "(cd x)",
      "# it's",
    );
    fc.assert(
      fc.property(fc.array(quiet, { maxLength: 8 }), (before) => {
        expect(verbs([...before, "git commit"].join("\n"))).toContain("commit");
      }),
    );
  });

  test.each(["$(", "`", "((", "sh -c '", '"$(', "${a:-", "<<E\n", "a=$a$a;", "eval ", "xargs ", "{ ", "f(){ "])(
    "time grows linearly with repeated %s",
    (part) => {
      const time = (n: number) => {
        const text = `${part.repeat(n)} git commit`;
        const start = performance.now();
        findGitWrites(text);
        return performance.now() - start;
      };
      time(100);
      // Quadratic work would take 100 times as long; the floor keeps timer noise out.
      expect(time(20_000)).toBeLessThan(Math.max(40 * time(2_000), 1500));
    },
  );
});
