import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repositoryServers } from "../../../plugin/hooks/repositoryMcp.ts";
import { repositoryTools } from "../../../plugin/hooks/repositoryTools.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "aegis-mcp-"));
  await mkdir(path.join(root, "packages/app/.opencode"), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const put = (name: string, text: string) => writeFile(path.join(root, name), text);
const app = () => path.join(root, "packages/app");

test("servers of every file from the opened directory up to the root count, comments and all", async () => {
  await put("opencode.json", '{"mcp": {"a": {}}}');
  await put("packages/opencode.jsonc", '{// here too\n"mcp": {"b": {},},}');
  await put("packages/app/.opencode/opencode.json", '{"mcp": {"c": {}}, "model": "x/y"}');
  expect(repositoryServers(app(), root)).toEqual(new Set(["a", "b", "c"]));
  expect(repositoryServers(root, root)).toEqual(new Set(["a"]));
});

test("none without a file or without servers", async () => {
  expect(repositoryServers(root, root)).toEqual(new Set());
  await put("opencode.json", "{}");
  expect(repositoryServers(root, root)).toEqual(new Set());
});

test.each(["", "no json", "[]", '{"mcp": 5}'])("a file that cannot be judged (%j) may name any", async (text) => {
  await put("opencode.json", text);
  expect(repositoryServers(root, root)).toBe("all");
});

test("tools that a repository brings as programs are named, wherever the host would load them from", async () => {
  expect(repositoryTools(app(), root)).toEqual([]);
  await mkdir(path.join(root, ".opencode/tools"), { recursive: true });
  await mkdir(path.join(root, "packages/app/.opencode/tool"));
  await put(".opencode/tools/run_qa.js", "");
  await put(".opencode/tools/README.md", "");
  await put("packages/app/.opencode/tool/x.ts", "");
  const entries = repositoryTools(app(), root).map(({ entry }) => entry);
  expect(entries).toEqual([".opencode/tools/run_qa.js", "packages/app/.opencode/tool/x.ts"]);
  expect(repositoryTools(root, root).map(({ entry }) => entry)).toEqual([".opencode/tools/run_qa.js"]);
});
