// Builds what ships: the plugin (one self-contained file for OpenCode's Bun), the sidebar, the command line and the library,
// and the licences of what is bundled into them.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { thirdPartyNotices } from "./notices.mjs";
import { treeShakenRefa } from "./treeShakenRefa.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Packages that are installed beside ours; whatever else is imported goes into dist (docs/adr/0013). */
const installed = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies);
const outputs = [];
rmSync(join(root, "dist"), { recursive: true, force: true });
const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  // The ES builds first: some CommonJS ones load their parts in a way no bundler can follow.
  mainFields: ["module", "main"],
  target: "node20",
  loader: { ".md": "text" },
  // Their licences go whole into dist/THIRD-PARTY-NOTICES.txt.
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
};
// CommonJS packages inside an ES module bundle call require(): give them one.
const banner = {
  js: "import { createRequire as __omqRequire } from 'node:module'; const require = __omqRequire(import.meta.url);",
};

/** Bundles, and remembers from which packages. */
async function build(options) {
  const result = await bundle({ ...common, ...options });
  outputs.push(...Object.values(result.metafile.outputs));
  return result;
}

/** zod's default export names all its languages, and no bundler may drop what a namespace names: 260 KB never read here. */
const withoutZodLanguages = {
  name: "without-zod-languages",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** Bundled into a file of its own: it is loaded from beside the plugin where jobs run over Redis, and nowhere else. */
const redisBeside = {
  name: "redis-beside",
  setup({ onResolve }) {
    onResolve({ filter: /\/redisClients\.ts$/ }, () => ({ path: "./redisClients.js", external: true }));
  },
};

const plugin = await build({
  entryPoints: ["plugin/index.ts"],
  outfile: "dist/plugin.js",
  minify: true,
  plugins: [withoutZodLanguages, treeShakenRefa, redisBeside],
  // `// @bun` tells Bun that there is nothing left to transpile: it halves the first load after an update.
  banner: { js: `// @bun\n${banner.js}` },
});
// One file that needs nothing beside it to start: what an outer package is imported by, however deep, a bundler puts first.
for (const { path, kind } of Object.values(plugin.metafile.outputs).flatMap(({ imports }) => imports))
  if (kind === "import-statement" && !path.startsWith("node:"))
    throw new Error(`dist/plugin.js imports ${path} as it starts: load it by import() where it is used`);
// The sidebar: OpenCode's own screen brings the renderer along.
await build({
  entryPoints: ["plugin/tui/index.ts"],
  outfile: "dist/tui.js",
  // White space stays: OpenCode finds the imports it has to lead to its renderer by their text, and misses `import{a}from"b"`
  // (1.18.33: such a plugin is dropped without a word).
  minifyIdentifiers: true,
  minifySyntax: true,
  plugins: [withoutZodLanguages],
  external: ["@opentui/solid", "solid-js"],
});
// `hud` alone, with all it needs in one file: it has to be there faster than the whole command line loads.
await build({
  entryPoints: ["src/cli/hud/quick.ts"],
  outfile: "dist/hud.js",
  minify: true,
  plugins: [withoutZodLanguages],
  banner,
});
await buildDashboard();
// Split, so that a command loads what it imports lazily only when it runs: `--version` takes a fifth of the time.
await build({
  entryPoints: {
    cli: "src/cli/main.ts",
    index: "src/index.ts",
    "simulate-vllm": "vllm/simulator/main.ts",
    redisClients: "src/adapters/jobs/redisClients.ts",
  },
  outdir: "dist",
  chunkNames: "chunk-[hash]",
  splitting: true,
  plugins: [treeShakenRefa],
  external: installed,
  banner,
});
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json"], {
  cwd: root,
  stdio: "inherit",
});
writeFileSync(join(root, "dist/THIRD-PARTY-NOTICES.txt"), thirdPartyNotices(root, outputs));

/** The dashboard's page: its script and its style inside it, so that the browser asks for nothing else. */
async function buildDashboard() {
  const bundled = async (entry) => {
    const { outputFiles } = await build({
      ...{ entryPoints: [entry], write: false, minify: true, platform: "browser", format: "iife", target: "es2022" },
      plugins: [withoutZodLanguages],
    });
    return outputFiles[0].text;
  };
  const [script, style] = [await bundled("src/dashboard/main.ts"), await bundled("src/dashboard/style.css")];
  if (/<\/script/i.test(script) || /<\/style/i.test(style))
    throw new Error("the page's script or style would end its own tag");
  const html = readFileSync(join(root, "src/dashboard/index.html"), "utf8")
    .replace("<style></style>", () => `<style>${style}</style>`)
    .replace("<script></script>", () => `<script>${script}</script>`);
  writeFileSync(join(root, "dist/dashboard.html"), html);
}
