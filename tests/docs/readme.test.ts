import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { doctorEn } from "../../src/cli/messages/doctorEn.ts";
import { en } from "../../src/cli/messages/en.ts";
import { servingEn } from "../../src/cli/messages/servingEn.ts";
import { cli, makeWorld } from "../cli/io.ts";

const pages = ["README.md", "README.ko.md"].map((name) => ({
  name,
  text: readFileSync(new URL(`../../${name}`, import.meta.url), "utf8"),
}));

/** What a page says a command prints: the lines of its `text` blocks below each `$ command`. */
function shown(text: string): Map<string, string[]> {
  const blocks = [...text.matchAll(/```text\n([\s\S]*?)```/gu)].map(([, block = ""]) => block.trimEnd().split("\n"));
  return new Map(
    blocks.map(([command = "", ...lines]) => [command.trim().replace(/^\$ /u, ""), lines.map((line) => line.trim())]),
  );
}

/** A message as a pattern: whatever stands for its parameters. */
const pattern = (message: string) =>
  new RegExp(`^${message.replaceAll(/[.*+?^$()|[\]\\]/gu, "\\$&").replaceAll(/\{\w+\}/gu, ".+")}$`, "u");

describe.each(pages)("$name", ({ text }) => {
  const says = shown(text);
  const line = (start: string) => [...says].find(([command]) => command.includes(start))?.[1];

  it("shows what `plan` prints", async () => {
    const { dir, env } = makeWorld();
    const { out } = await cli(["plan", "--workers", "8"], { cwd: dir, env });
    const printed = out.split("\n").map((one) => one.trim());
    for (const one of line("plan") ?? [""]) expect(printed).toContain(one);
  });

  it("shows the words of start-vllm, install and doctor", () => {
    expect(line("start-vllm")).toEqual([expect.stringMatching(pattern(servingEn["start.ready"]))]);
    expect(line("oh-my-qwencoder install")).toEqual([expect.stringMatching(pattern(en["install.done"]))]);
    expect(line("doctor")).toEqual([expect.stringMatching(pattern(doctorEn["doctor.good"]))]);
  });
});

it("both say the same: headings, commands, links and rows of tables in the same number", () => {
  const counts = pages.map(({ text }) => ({
    headings: text.match(/^## /gmu)?.length,
    commands: [...shown(text).keys()],
    rows: text.match(/^\|/gmu)?.length,
    links: new Set([...text.matchAll(/\]\((?!README)([^)]+)\)/gu)].map(([, to]) => to)),
  }));
  expect(counts[1]).toEqual(counts[0]);
});
