import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { pages } from "../../scripts/docs/render.ts";
import { commands } from "../../src/cli/commands.ts";
import { makeProgram } from "../../src/cli/program.ts";
import { recordIo } from "../cli/io.ts";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const files = [
  "README.md",
  "README.ko.md",
  "CLAUDE.md",
  "CHANGELOG.md",
  ...readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join("docs", name)),
];

describe("the pages made from the program", () => {
  it("are as committed; `node scripts/docs.mjs` writes them", async () => {
    for (const [file, text] of Object.entries(await pages())) expect(read(file), file).toBe(text);
  });
});

/** The names GitHub gives a page's headings. */
function anchors(text: string): Set<string> {
  const seen = new Map<string, number>();
  const names = text
    .replaceAll(/^```[\s\S]*?^```/gmu, "")
    .split("\n")
    .flatMap((line) => /^#{1,6} (?<title>.+)$/u.exec(line)?.groups?.title ?? [])
    .map((title) => {
      const name = title
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, "$1")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(/\s/gu, "-");
      const times = seen.get(name) ?? 0;
      seen.set(name, times + 1);
      return times === 0 ? name : `${name}-${times}`;
    });
  return new Set(names);
}

describe("links", () => {
  it.each(files)("of %s lead to a file, and to a heading where they name one", (file) => {
    const text = read(file).replaceAll(/^```[\s\S]*?^```/gmu, "");
    const broken = [...text.matchAll(/\]\((?<target>[^)\s]+)\)/gu)].flatMap(({ groups }) => {
      const target = groups?.target ?? "";
      if (/^[a-z]+:/u.test(target)) return [];
      const [to = "", heading] = target.split("#");
      const place = to === "" ? file : path.join(path.dirname(file), to);
      if (!existsSync(path.join(root, place))) return [target];
      return heading === undefined || anchors(read(place)).has(decodeURIComponent(heading)) ? [] : [target];
    });
    expect(broken).toEqual([]);
  });
});

/** The command a line names: its first words that are commands, and the options behind them. */
function unknownIn(line: string, program: Command): string | undefined {
  const words = line.split(/\s+/u);
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (!next) break;
    command = next;
  }
  const first = words[0] ?? "";
  // A group, or a word that is no command: said in running text, as in "oh-my-qwencoder as a library".
  if (command === program && /^[a-z]/u.test(first)) return first;
  const known = new Set<string>();
  for (let each: Command | null = command; each !== null; each = each.parent)
    for (const { long } of [...each.options, ...each.createHelp().visibleOptions(each)]) known.add(long ?? "");
  const own = words.indexOf("--") === -1 ? words : words.slice(0, words.indexOf("--"));
  return own
    .map((word) => /^\[?(?<flag>--[a-z][a-z0-9-]*)/u.exec(word)?.groups?.flag ?? "")
    .find((flag) => flag !== "" && !known.has(flag));
}

describe("commands", () => {
  it.each(files)("that %s names are there, with their options", async (file) => {
    const { io } = recordIo();
    const program = makeProgram(io, "0.0.0");
    for (const register of commands) await register(program, io);
    const text = read(file);
    const spans = [...text.matchAll(/`(?:npx )?oh-my-qwencoder (?<rest>[^`\n]+)`/gu)];
    const lines = [...text.matchAll(/^(?:\$ )?(?:npx )?oh-my-qwencoder (?<rest>[a-z][^\n#|>]*)/gmu)];
    const named = [...spans, ...lines].map(({ groups }) => (groups?.rest ?? "").trim());
    expect(named.filter((line) => unknownIn(line, program) !== undefined)).toEqual([]);
  });

  it.each(files)("of npm that %s names are there", (file) => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read("package.json")));
    const named = [...read(file).matchAll(/npm run (?:--silent )?(?<name>[a-z][\w:-]*)/gu)].map(
      ({ groups }) => groups?.name ?? "",
    );
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
