/** The arrows of the design, as a lint rule: core <- config, ports <- runtime, adapters <- plugin, cli, vllm. */
const layer = (name, from, to, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    layer(
      "core-is-pure",
      "^src/core",
      "^(src/(config|ports|runtime|adapters|cli)|plugin|vllm)/",
      "src/core decides without the world: whatever it needs comes in with the command, so move the import to a shell.",
    ),
    {
      name: "core-imports-no-io",
      severity: "error",
      comment: "src/core has no I/O, clock or randomness: only zod and pattern libraries may be imported there.",
      from: { path: "^src/core" },
      to: {
        dependencyTypes: ["core", "npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "unknown"],
        pathNot: "node_modules/(zod|refa|minimatch)/",
      },
    },
    layer(
      "config-and-ports-know-core-only",
      "^src/(config|ports)",
      "^(src/(runtime|adapters|cli)|plugin|vllm)/",
      "config and ports are below the runtime and the adapters; invert the dependency through an interface in src/ports.",
    ),
    layer(
      "runtime-knows-no-adapter",
      "^src/runtime",
      "^(src/(adapters|cli)|plugin|vllm)/",
      "The runtime talks to interfaces of src/ports; a composition function in plugin/ or src/cli hands it the adapters.",
    ),
    layer(
      "adapters-know-no-runtime",
      "^src/adapters",
      "^(src/(runtime|cli)|plugin|vllm)/",
      "An adapter is one outside thing behind a port; if it needs the runtime, the runtime should call it instead.",
    ),
    layer(
      "the-page-knows-core-only",
      "^src/dashboard",
      "^(src/(config|ports|runtime|adapters|cli)|plugin|vllm)/",
      "src/dashboard runs in a browser: what it shows comes over the stream, and only src/core runs there too.",
    ),
    layer(
      "nobody-imports-the-page",
      "^(src/(?!dashboard)|plugin|vllm)",
      "^src/dashboard/",
      "The page is built into one file of its own (dist/dashboard.html); what both sides know belongs into src/core.",
    ),
    layer(
      "shells-do-not-import-each-other",
      "^plugin",
      "^(src/cli|vllm)/",
      "The plugin is bundled alone into OpenCode: it may not pull in the command line or the serving half.",
    ),
    {
      name: "no-circular",
      severity: "error",
      comment: "A cycle hides which file is the idea and which the user of it.",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
