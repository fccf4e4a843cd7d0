import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ALL_SWARM_TOOLS, HELPERS, HOST_TOOLS, mayCall, ROLES, SWARM_TOOLS } from "../../src/core/roles.ts";

/** Limit of the specification: the prompt is sent with every request of a role. */
const MAX_BYTES = 6 * 1024;

const textOf = (role: string) => readFile(new URL(`../../agents/${role}.md`, import.meta.url), "utf8");
const split = (text: string) => {
  const [, head = "", prompt = ""] = text.match(/^---\n([\s\S]*?)\n---\n([\s\S]*)$/u) ?? [];
  return { head, prompt };
};

describe.each(ROLES)("agents/%s.md", (role) => {
  it("is short plain Markdown, the same bytes for every reader", async () => {
    const text = await textOf(role);
    expect(Buffer.byteLength(text)).toBeLessThan(MAX_BYTES);
    const { head, prompt } = split(text);
    expect(head).not.toBe("");
    expect(prompt.trim().length).toBeGreaterThan(200);
    expect(prompt, "XML-like tags make Qwen3-Coder write tool calls as text").not.toMatch(/<\/?[a-z_][^>\n]*>/iu);
    expect(prompt, "what changes from run to run breaks the prefix cache").not.toMatch(
      /\{\{|\$\{|\b20\d\d-\d\d-\d\d\b/u,
    );
    expect(text).not.toMatch(/\r|\t/u);
  });

  it("has front matter that denies first and never asks", async () => {
    const { head } = split(await textOf(role));
    const entries = new Map(
      head.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const permission: unknown = JSON.parse(entries.get("permission") ?? "");
    expect(JSON.stringify(permission)).not.toContain('"ask"');
    expect(permission).toMatchObject({ "*": "deny", external_directory: "deny" });
    expect(Object.keys(permission as object)[0]).toBe("*");
    expect(entries.get("mode")).toBe(role === "commander" ? "primary" : "subagent");
    expect(entries.get("tools")).toBe(role === "commander" || role === "worker" ? role : "none");
    const writes = Object.keys(permission as object).some((key) => key === "edit" || key === "bash");
    expect(writes).toBe(role === "commander" || role === "worker");
  });

  it("names only tools that its role may call, and every swarm tool it has a use for", async () => {
    const { prompt } = split(await textOf(role));
    const named = new Set(prompt.match(/\b[a-z]+(?:_[a-z]+)+\b/gu) ?? []);
    const words = [...named].filter((word) => !["node_modules", "site_packages"].includes(word));
    expect(words.filter((word) => !ALL_SWARM_TOOLS.includes(word))).toEqual([]);
    expect(words.filter((word) => !mayCall(role, word, []))).toEqual([]);
    const own: readonly string[] = role === "commander" || role === "worker" ? SWARM_TOOLS[role] : [];
    // cancel_worker explains itself; the others have to be named.
    const unnamed = own.filter((tool) => !named.has(tool) && tool !== "cancel_worker");
    expect(unnamed, `tools that agents/${role}.md does not name`).toEqual([]);
  });
});

describe("what a role may call", () => {
  it("is constant: dispatching is the Commander's, reporting the Worker's, and helpers only read", () => {
    for (const role of ROLES) {
      expect(mayCall(role, "dispatch_workers", [])).toBe(role === "commander");
      expect(mayCall(role, "report_result", [])).toBe(role === "worker");
      expect(mayCall(role, "webfetch", [])).toBe(false);
      expect(mayCall(role, "docs_search", [])).toBe(false);
      expect(mayCall(role, "docs_search", ["docs"])).toBe(true);
      expect(mayCall(role, "docs_private_read", ["docs"], ["docs", "docs_private"])).toBe(false);
      expect(mayCall(role, "docs_private_read", ["docs", "docs_private"], ["docs", "docs_private"])).toBe(true);
    }
    for (const role of HELPERS)
      for (const tool of ["edit", "write", "apply_patch", "bash", "task"]) expect(HOST_TOOLS[role]).not.toContain(tool);
  });
});
