import { expect, test } from "vitest";
import { seatbeltProfile } from "../../../src/core/sandbox/seatbeltProfile.ts";

type Form = string | Form[];

/** Reads SBPL: lists, words, strings. Throws where brackets or quotes do not match. */
function read(text: string): Form[] {
  const tokens = text.match(/"(?:\\.|[^"\\])*"|[()]|[^\s()"]+/gu) ?? [];
  const stack: Form[][] = [[]];
  for (const token of tokens) {
    if (token === "(") stack.push([]);
    else if (token !== ")") stack.at(-1)?.push(token.startsWith('"') ? JSON.parse(token) : token);
    else {
      const done = stack.pop();
      if (!done || stack.length === 0) throw new Error("a bracket too many");
      stack.at(-1)?.push(done);
    }
  }
  if (stack.length !== 1) throw new Error("a bracket is open");
  return stack[0] ?? [];
}

/** What the profile says about an operation on a path: the last rule that matches. */
function decide(profile: string, operation: string, path = ""): string {
  let verdict = "none";
  for (const rule of read(profile)) {
    if (!Array.isArray(rule) || (rule[0] !== "allow" && rule[0] !== "deny")) continue;
    const names = rule.filter((part): part is string => typeof part === "string").slice(1);
    const filters = rule.filter((part): part is string[] => Array.isArray(part));
    const named = names.some(
      (name) =>
        name === "default" || name === operation || (name.endsWith("*") && operation.startsWith(name.slice(0, -1))),
    );
    const fits = ([kind, value = ""]: string[]) =>
      kind === "literal" ? path === value : kind === "subpath" ? path === value || path.startsWith(`${value}/`) : false;
    if (named && (filters.length === 0 || filters.some(fits))) verdict = rule[0];
  }
  return verdict;
}

const profile = seatbeltProfile({
  writes: [
    { path: "/p/src", allow: true },
    { path: "/p/src/a/.git", allow: false },
    { path: "/p/src/.env", allow: false },
    { path: '/p/od"d \\name', allow: true },
  ],
  hidden: ["/home/u/.ssh", "/home/u/.netrc"],
  tmp: "/private/tmp/own",
});

test.each([
  ["file-write-data", "/p/src/a/x.ts", "allow"],
  ["file-write-create", "/p/src/new", "allow"],
  ["file-write-data", '/p/od"d \\name/x', "allow"],
  ["file-write-data", "/private/tmp/own/x", "allow"],
  ["file-write-data", "/dev/null", "allow"],
  ["file-write-data", "/p/src/a/.git/config", "deny"],
  ["file-write-data", "/p/src/.env", "deny"],
  ["file-write-unlink", "/p/src/.env", "deny"],
  // Renaming a directory away would take what is read-only in it along.
  ["file-write-unlink", "/p/src/a", "deny"],
  ["file-write-unlink", "/p/src", "deny"],
  ["file-write-data", "/p/README.md", "deny"],
  ["file-write-data", "/p/srcx/y", "deny"],
  ["file-write-data", "/etc/passwd", "deny"],
  ["file-write-data", "/private/tmp/other", "deny"],
  ["file-write-mode", "/home/u/.ssh/id", "deny"],
  ["file-read-data", "/home/u/.ssh/id", "deny"],
  ["file-read-data", "/p/README.md", "allow"],
  ["network-outbound", "/var/run/docker.sock", "deny"],
  ["network-outbound", "", "deny"],
  ["network-bind", "/private/tmp/own/s", "allow"],
  ["signal", "", "deny"],
  ["mach-lookup", "", "deny"],
  ["process-exec", "/bin/ls", "allow"],
])("%s on %s: %s", (operation, path, verdict) => {
  expect(decide(profile, operation, path)).toBe(verdict);
});

test("nothing is writable where there is no rule, and no path breaks out of its string", () => {
  const odd = '/p/") (allow default) (deny "';
  const text = seatbeltProfile({ writes: [{ path: odd, allow: true }], hidden: [], tmp: "/t" });
  expect(decide(text, "file-write-data", "/p/x")).toBe("deny");
  expect(decide(text, "file-write-data", `${odd}/x`)).toBe("allow");
  expect(read(text).filter((form) => JSON.stringify(form) === '["allow","default"]')).toHaveLength(1);
});
