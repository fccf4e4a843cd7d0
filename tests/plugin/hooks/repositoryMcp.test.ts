import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repositoryServers } from "../../../plugin/hooks/repositoryMcp.ts";

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
