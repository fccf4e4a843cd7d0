import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { servingEn } from "../../src/cli/messages/servingEn.ts";
import { recipesPicture } from "../../vllm/recipes/recipesPicture.ts";
import { readAegisEnv } from "../../vllm/server/aegisEnv.ts";
import { mendOf, mends } from "../../vllm/server/logProgress.ts";
import { PINS, TOPOLOGIES } from "../../vllm/topology/topology.ts";
import { cli, makeWorld } from "../cli/io.ts";

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
const text = read("serving.md");

/** Rows of the table below a heading, cell by cell. */
function table(heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("|---"))
    .map((line) => line.slice(2, -2).split(" | "));
}

describe("docs/serving", () => {
  it("has the picture the program draws now (node scripts/pictures.mjs writes it)", () => {
    expect(read("serving-memory.svg")).toBe(recipesPicture());
  });

  it("has every fatal line with the mend the program says", () => {
    const rows = table("Fatal lines and their mend").slice(1);
    const seen = rows.map(([line = "", , mend]) => {
      const known = mendOf(line.replaceAll("`", ""));
      expect([line, known && servingEn[`mend.${known}`]]).toEqual([line, mend]);
      return known;
    });
    expect(new Set(seen)).toEqual(new Set(mends));
  });

  it("has every option of start-vllm with an example", async () => {
    const { dir, env } = makeWorld();
    const help = (await cli(["start-vllm", "--help"], { cwd: dir, env })).out;
    const options = [...help.matchAll(/^ {2}(--[a-z-]+(?: <\w+>)?)/gm)].map(([, option = ""]) => option);
    const own = options.filter((option) => !/^--(help|lang)/.test(option));
    expect(own.length).toBeGreaterThan(8);
    const rows = table("Options of start-vllm");
    for (const option of own) {
      const row = rows.find(([name]) => name === `\`${option}\``);
      expect([option, row?.[1]?.includes(option.split(" ")[0] ?? "")]).toEqual([option, true]);
    }
  });

  it("has every variable that vllm/aegis.env may set, and the pins and files of the topologies", () => {
    const named = [...text.matchAll(/AEGIS_[A-Z_]+/g)].map(([name]) => name);
    for (const name of new Set(named.filter((one) => !/^AEGIS_(VLLM|EXTRA|API_KEY)$/.test(one)))) {
      expect([name, readAegisEnv(`${name}=1`, "f").notices]).toEqual([name, []]);
    }
    for (const name of ["AEGIS_VLLM", "AEGIS_EXTRA", "AEGIS_API_KEY"])
      expect(readAegisEnv(`${name}=1`, "f")).toMatchObject({ values: {}, notices: [{ code: "envFileIgnored" }] });
    for (const [name, file] of Object.entries(TOPOLOGIES)) expect(text).toContain(`| \`${name}\` | \`${file}\` |`);
    expect(text).toContain(`${PINS.vllm.repository}:${PINS.vllm.tag}`);
    expect(text).toContain(`${PINS.router.repository}:${PINS.router.tag}`);
    expect(text).toContain(`\`vllm-stack\` ${PINS.chart}`);
  });
});
