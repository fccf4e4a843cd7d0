import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { expect, it, onTestFinished } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
type Refa = typeof import("refa");

it("what the build makes of refa folds and compares as refa does, in a fifth of its size", async () => {
  const dir = mkdtempSync(join(tmpdir(), "omq-refa-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const { treeShakenRefa }: { treeShakenRefa: Plugin } = await import(join(root, "scripts/treeShakenRefa.mjs"));
  const contents =
    'export { CharSet, DFA, FAIterators, getIntersectionIterator, isDisjointWith, JS, NFA, TooManyNodesError, Words } from "refa";';
  const { metafile } = await build({
    ...{ stdin: { contents, resolveDir: root }, bundle: true, format: "esm", platform: "node", metafile: true },
    ...{ plugins: [treeShakenRefa], outfile: join(dir, "refa.mjs"), minify: true },
  });
  expect(Object.values(metafile.outputs)[0]?.bytes).toBeLessThan(220_000);
  const shaken: Refa = await import(pathToFileURL(join(dir, "refa.mjs")).href);
  const whole: Refa = createRequire(import.meta.url)("refa");

  const foldings = [whole, shaken].map(({ JS }) => {
    const folding = JS.getCharCaseFolding(true, true);
    const folded = (char: number) => folding.toCharSet(folding.canonicalize?.(char) ?? char).toString();
    return Array.from({ length: 0x20000 }, (_, char) => folded(char)).join();
  });
  expect(foldings[1]).toBe(foldings[0]);

  const words = [whole, shaken].map(({ FAIterators, NFA, Words, getIntersectionIterator, isDisjointWith }) => {
    const word = (text: string) =>
      NFA.fromWords([[...text].map((char) => char.codePointAt(0) ?? 0)], { maxCharacter: 0x10ffff });
    const shared = FAIterators.shortestWordSet(getIntersectionIterator(word("src"), word("src")));
    const witness = shared && Words.fromUnicodeToString(Words.pickMostReadableWord(shared) ?? []);
    return [isDisjointWith(word("src"), word("docs")), isDisjointWith(word("src"), word("src")), witness];
  });
  expect(words[0]).toEqual([true, false, "src"]);
  expect(words[1]).toEqual(words[0]);
});
