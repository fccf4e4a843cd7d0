// refa comes as one CommonJS file, of which no bundler can drop anything: a megabyte, most of it Unicode's tables for regular
// expressions. Globs need the automata and the case folding.
import { readFile } from "node:fs/promises";

const NO_PARTS =
  "refa is not as scripts/treeShakenRefa.mjs knows it: look at the end of its index.js, or leave this plugin out";

/** The file's text as an ES module with the same exports, `JS` with its case folding alone. */
export function asModule(text) {
  const head = 'Object.defineProperty(exports,"__esModule",{value:!0});';
  const from = text.lastIndexOf(";exports.");
  const folding = /getCharCaseFolding:([\w$]+)/.exec(text)?.[1];
  if (!text.includes(head) || from < 0 || folding === undefined) throw new Error(NO_PARTS);
  const assigned = text
    .slice(from + 1)
    .replace(/;?\s*$/, "")
    .split(/,(?=exports\.)/);
  const named = assigned.map((part) => /^exports\.([A-Za-z]+)=([\s\S]+)$/.exec(part));
  if (named.includes(null)) throw new Error(NO_PARTS);
  const lines = named.map(([, name, value]) => {
    if (name === "JS") return `export const JS = { getCharCaseFolding: ${folding} };`;
    return /^[\w$]+$/.test(value) ? `export { ${value} as ${name} };` : `export const ${name} = ${value};`;
  });
  // What a table is made with does nothing else, which a bundler cannot know.
  const tables = text.slice(0, from + 1).replace(/=(JSON\.parse|Object\.freeze)\(/g, "=/* @__PURE__ */$1(");
  return `${tables.replace(head, "")}\n${lines.join("\n")}`;
}

/** An esbuild plugin. */
export const treeShakenRefa = {
  name: "tree-shaken-refa",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/]refa[\\/]index\.js$/ }, async ({ path }) => ({
      contents: asModule(await readFile(path, "utf8")),
    }));
  },
};
