import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { parse, visit } from "jsonc-parser";
import { afterAll, describe, expect, it, vi } from "vitest";
import { isolatedEnvironment } from "../../../src/cli/demo/environment.ts";
import type { InstallOptions } from "../../../src/cli/install/options.ts";
import { provisionFiles } from "../../../src/cli/install/planFiles.ts";
import { OPENCODE, SHORT_LIVED } from "../../e2e/opencodeProgram.ts";
import { makeWorld, put, tree, type World } from "../io.ts";
import { install } from "./installWorld.ts";

vi.setConfig({ testTimeout: 90_000 });

const fixtures = fileURLToPath(new URL("../../fixtures/configurations", import.meta.url));

interface Case {
  /** The file an install edits, relative to the world. */
  edits: string;
  /** The fixture's directory where it is not the case's name; null: all is made here. */
  from?: string | null;
  make?: (world: World) => void;
  options?: InstallOptions;
  env?: (world: World) => Record<string, string>;
  /** Called from here, relative to the project. */
  cwd?: string;
  /** What it has to say about this one. */
  says?: RegExp[];
  agents?: Record<string, string>;
  enabled?: string[];
  model?: string;
  /** Where OpenCode itself is asked what it makes of it, and the providers it then has; relative to the project. */
  opencode?: { in: string; enabled: string[] };
}

const rewrite = (path: string, change: (text: string) => string | Buffer) =>
  writeFileSync(path, change(readFileSync(path, "utf8")));

/** What grows for years: hundreds of rules, each with its comment. */
const huge = () =>
  `{\n  "permission": {\n    "bash": {\n${Array.from(
    { length: 6000 },
    (_, n) => `      // rule ${n}\n      "make target-${n} *": "${n % 3 === 0 ? "allow" : "ask"}",\n`,
  ).join("")}      "*": "ask"\n    }\n  }\n}\n`;

const cases: Record<string, Case> = {
  "other-plugins": { edits: "project/opencode.json" },
  "commented-policy": {
    edits: "project/opencode.jsonc",
    enabled: ["corp", "aegis"],
    model: "corp/large",
    opencode: { in: "", enabled: ["corp", "aegis"] },
  },
  "json-with-comments": { edits: "project/opencode.json" },
  "same-agents": {
    edits: "project/opencode.jsonc",
    agents: { commander: "aegis-commander", worker: "aegis-worker", scout: "aegis-scout" },
    says: [/agent `commander` .* stays yours/, /`aegis-worker`/],
  },
  "several-providers": { edits: "project/opencode.json", says: [/`share` is "manual" already/, /`small_model`/] },
  "mcp-servers": { edits: "project/opencode.json" },
  "dot-opencode": {
    edits: "project/.opencode/opencode.json",
    make: ({ project }) => put(join(project, ".opencode/.gitignore"), "node_modules\npackage.json\nbun.lock\n"),
  },
  "dot-opencode-own-packages": { edits: "project/.opencode/opencode.jsonc" },
  "monorepo-root": {
    edits: "project/opencode.jsonc",
    cwd: "packages/web",
  },
  "monorepo-package": {
    edits: "project/opencode.json",
    opencode: { in: "packages/web", enabled: ["anthropic"] },
    cwd: "packages/web",
    agents: { librarian: "aegis-librarian" },
    says: [/packages\/web\/opencode\.json is read after this one and its `enabled_providers` leaves `aegis` out/],
  },
  "monorepo-both": {
    edits: "project/opencode.json",
    says: [/packages\/api\/opencode\.jsonc is read after this one and its `disabled_providers` names `aegis`/],
  },
  "user-in-xdg": {
    edits: "project/opencode.json",
    opencode: { in: "", enabled: ["anthropic", "corp", "aegis"] },
    env: ({ dir }) => ({ XDG_CONFIG_HOME: join(dir, "xdg") }),
    enabled: ["anthropic", "corp", "aegis"],
  },
  "user-in-xdg, --global": {
    edits: "xdg/opencode/opencode.json",
    from: "user-in-xdg",
    options: { global: true },
    env: ({ dir }) => ({ XDG_CONFIG_HOME: join(dir, "xdg"), XDG_STATE_HOME: join(dir, "state") }),
    enabled: ["anthropic", "corp", "aegis"],
  },
  "named-by-environment": {
    edits: "project/opencode.json",
    opencode: { in: "", enabled: ["corp", "aegis"] },
    env: ({ dir }) => ({ OPENCODE_CONFIG: join(dir, "work/opencode-work.json") }),
    agents: { worker: "aegis-worker" },
    // OpenCode reads that file before the project's, whose list would replace it.
    enabled: ["corp", "aegis"],
    model: "corp/large",
  },
  "named-directory": {
    edits: "project/opencode.json",
    env: ({ dir }) => ({ OPENCODE_CONFIG_DIR: join(dir, "dotfiles") }),
    agents: { commander: "aegis-commander" },
    says: [/dotfiles\/opencode\.jsonc is read after this one and its `enabled_providers` leaves `aegis` out/],
  },
  "both-endings": { edits: "project/opencode.jsonc", enabled: ["corp", "aegis"] },
  "odd-order": { edits: "project/opencode.jsonc" },
  "no-schema-minified": { edits: "project/opencode.json", model: "zai-coding-plan/glm-5" },
  "other-tools-keys": { edits: "project/opencode.json" },
  "our-provider-by-hand": { edits: "project/opencode.jsonc", says: [/a provider `aegis` was there already/] },
  "other-languages": { edits: "project/opencode.json" },
  "commands-and-skills": { edits: "project/opencode.jsonc" },
  "Windows: line ends and tabs": {
    edits: "project/opencode.jsonc",
    from: "commented-policy",
    make: ({ project }) =>
      rewrite(join(project, "opencode.jsonc"), (text) =>
        text.replaceAll(/^ +/gm, (spaces) => "\t".repeat(spaces.length / 2)).replaceAll("\n", "\r\n"),
      ),
    enabled: ["corp", "aegis"],
  },
  "a byte order mark": {
    edits: "project/opencode.json",
    from: "mcp-servers",
    make: ({ project }) => rewrite(join(project, "opencode.json"), (text) => `\uFEFF${text}`),
  },
  "no newline at the end": {
    edits: "project/opencode.jsonc",
    from: "odd-order",
    make: ({ project }) => rewrite(join(project, "opencode.jsonc"), (text) => text.trimEnd()),
  },
  "a file without a byte": {
    edits: "project/opencode.json",
    opencode: { in: "", enabled: ["aegis"] },
    from: null,
    make: ({ project }) => put(join(project, "opencode.json"), ""),
  },
  "half a megabyte": {
    edits: "project/opencode.jsonc",
    from: null,
    make: ({ project }) => put(join(project, "opencode.jsonc"), huge()),
  },
  "a link into another directory": {
    edits: "project/opencode.json",
    from: "several-providers",
    make: ({ project, dir }) => {
      mkdirSync(join(dir, "shared"));
      renameSync(join(project, "opencode.json"), join(dir, "shared/opencode.json"));
      symlinkSync("../shared/opencode.json", join(project, "opencode.json"));
    },
  },
  "a repository of dotfiles, whole directory linked, --global": {
    edits: "home/.config/opencode/opencode.jsonc",
    from: "named-directory",
    options: { global: true },
    make: ({ home, dir }) => {
      mkdirSync(join(home, ".config"), { recursive: true });
      symlinkSync(join(dir, "dotfiles"), join(home, ".config/opencode"));
    },
    agents: { commander: "aegis-commander" },
    enabled: ["zai-coding-plan", "aegis"],
  },
};

function worldOf(name: string, { from, make, env }: Case): World {
  const world = makeWorld();
  if (from !== null) cpSync(join(fixtures, from ?? name), world.dir, { recursive: true });
  make?.(world);
  return { ...world, env: { ...world.env, ...env?.(world) } };
}

const jsonc = (text: string): unknown => parse(text.replace(/^\uFEFF/, "") || "{}", [], { allowTrailingComma: true });

function comments(text: string): string[] {
  const found: string[] = [];
  visit(text, { onComment: (offset, length) => found.push(text.slice(offset, offset + length)) });
  return found;
}

/** Keys of every object, in the order they are written. */
function keys(text: string): string[] {
  const found: string[] = [];
  visit(text.replace(/^\uFEFF/, ""), {
    onObjectProperty: (key, _o, _l, _line, _c, path) => found.push([...path(), key].join("/")),
  });
  return found;
}

/** Whether `text` becomes `longer` by putting things in, and nothing else but white space. */
function onlyAdded(text: string, longer: string): boolean {
  const had = text.replaceAll(/\s/g, "");
  let at = 0;
  for (const unit of longer.split("")) if (unit === had[at]) at += 1;
  return at === had.length;
}

function links(world: World, paths: readonly string[]): string[] {
  return paths
    .map((path) => join(world.dir, path))
    .map((path) => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : ""));
}

/** OpenCode's own data, shared: making its database takes longer than all the rest. */
const data = mkdtempSync(join(tmpdir(), "omq-configurations-"));
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** The configuration as the real OpenCode merges it; its plugins are not loaded. What it writes beside it is taken away. */
async function merged(world: World, dir: string): Promise<Record<string, unknown>> {
  const before = tree(world.dir);
  const own = Object.fromEntries(Object.entries(world.env).filter(([, value]) => value !== ""));
  const env = {
    ...SHORT_LIVED,
    ...isolatedEnvironment(process.env, data, ""),
    XDG_CONFIG_HOME: join(world.home, ".config"),
    ...own,
  };
  const cwd = join(world.project, dir);
  // It has npm put a package into each of its directories, and waits for that where it is not there yet.
  const named = [own.OPENCODE_CONFIG_DIR, join(world.project, ".opencode"), join(cwd, ".opencode")];
  const there = named.flatMap((each) => (each !== undefined && existsSync(each) ? [each] : []));
  for (const each of [join(env.XDG_CONFIG_HOME, "opencode"), ...there])
    for (const { path, after } of provisionFiles(each)) put(path, after);
  const { stdout } = await execa(OPENCODE, ["debug", "config", "--pure"], {
    cwd,
    env,
    extendEnv: false,
    timeout: 60_000,
  });
  for (const [path, bytes] of Object.entries(tree(world.dir)))
    if (!Object.hasOwn(before, path)) rmSync(join(world.dir, path));
    else expect([path, bytes]).toEqual([path, before[path]]);
  if (!Object.keys(before).some((path) => path.startsWith("home/")))
    rmSync(world.home, { recursive: true, force: true });
  return JSON.parse(stdout);
}

describe("an install into a configuration found in the wild", () => {
  it.each(Object.entries(cases))("%s: all of it kept, twice the same, taken out byte for byte", async (name, one) => {
    const world = worldOf(name, one);
    const io = { cwd: join(world.project, one.cwd ?? "") };
    const run = (options: InstallOptions = {}) => install(world, { ...one.options, ...options }, { io });
    const file = join(world.dir, one.edits);
    const linked = existsSync(file) ? links(world, [one.edits, dirname(one.edits)]) : [];
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const before = tree(world.dir);

    const first = await run();
    expect(first).toMatchObject({ code: 0 });
    for (const said of one.says ?? []) expect(first.err).toMatch(said);
    if (one.says === undefined) expect(first.err).not.toMatch(/is read after this one/);

    const after = readFileSync(file, "utf8");
    const [had, has] = [jsonc(text), jsonc(after)] as [Record<string, unknown>, Record<string, unknown>];
    const { plugin, enabled_providers: _list, provider, ...others } = had;
    expect(has).toMatchObject({ ...others, provider: provider ?? {} });
    expect((has.plugin as unknown[]).slice(0, -1)).toEqual(plugin ?? []);
    expect(has.plugin).toEqual([
      ...((plugin as unknown[]) ?? []),
      [
        expect.stringMatching(/^file:\/\/\/.*\/dist\/plugin\.js$/),
        { model: "aegis/qwen3-coder-next", ...(one.agents ? { agents: one.agents } : {}) },
      ],
    ]);
    expect(has.enabled_providers).toEqual(one.enabled ?? ["aegis"]);
    // A model that a file read earlier has chosen is not said again.
    if (one.model !== undefined) expect([undefined, one.model]).toContain(has.model);
    expect(onlyAdded(text, after)).toBe(true);
    expect(comments(after)).toEqual(comments(text));
    const order = keys(text);
    expect(keys(after).filter((key) => order.includes(key))).toEqual(order);
    expect(after.startsWith("\uFEFF")).toBe(text.startsWith("\uFEFF"));
    if (text !== "") expect(/\n$/.test(after)).toBe(/\n$/.test(text));
    if (text.includes("\r\n")) expect(after.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    if (linked.length > 0) expect(links(world, [one.edits, dirname(one.edits)])).toEqual(linked);
    // Every other file of the person's is as it was.
    for (const [path, bytes] of Object.entries(before))
      if (join(world.dir, path) !== file && !linked.some((link) => link !== ""))
        expect([path, tree(world.dir)[path]]).toEqual([path, bytes]);

    if (one.opencode) {
      const config = await merged(world, one.opencode.in);
      const url = (has.provider as { aegis: { options: { baseURL: string } } }).aegis.options.baseURL;
      expect(config).toMatchObject({
        enabled_providers: one.opencode.enabled,
        provider: { aegis: { options: { baseURL: url } } },
        plugin: expect.arrayContaining([(has.plugin as unknown[]).at(-1)]),
      });
    }

    const installed = tree(world.dir);
    expect(await run()).toMatchObject({ code: 0, out: expect.stringContaining("Already installed") });
    expect(tree(world.dir)).toEqual(installed);

    expect(await run({ uninstall: true })).toMatchObject({ code: 0 });
    expect(tree(world.dir)).toEqual(before);
    if (linked.length > 0) expect(links(world, [one.edits, dirname(one.edits)])).toEqual(linked);
  });
});

describe("a configuration that no install may touch", () => {
  const refused: Record<string, { make: (file: string, world: World) => void; says: RegExp[] }> = {
    "a comma forgotten": {
      make: (file) => put(file, '{\n  "model": "a/b"\n  "share": "manual"\n}\n'),
      says: [/opencode\.json:3:3: comma expected; the file was left as it is/, /Mend the file at that place/],
    },
    "a merge that was not finished": {
      make: (file) => put(file, '{\n<<<<<<< HEAD\n  "model": "a/b"\n=======\n  "model": "a/c"\n>>>>>>> theirs\n}\n'),
      says: [/opencode\.json:2:1: .*left as it is/],
    },
    "quotes of JavaScript": { make: (file) => put(file, "{ 'model': 'a/b' }\n"), says: [/opencode\.json:1:3/] },
    "cut off half way": { make: (file) => put(file, '{\n  "provider": {\n    "a": {'), says: [/opencode\.json:3:11/] },
    "a key given twice": {
      make: (file) => put(file, '{\n  "plugin": ["a"],\n  "plugin": ["b"]\n}\n'),
      says: [/opencode\.json:3:3: plugin: the same key is given twice/],
    },
    "UTF-16, as PowerShell writes it": {
      make: (file) => put(file, Buffer.from("\uFEFF{}\r\n", "utf16le")),
      says: [/opencode\.json is not UTF-8 text/],
    },
    "a directory of that name": {
      make: (file) => void mkdirSync(file),
      says: [/opencode\.json cannot be read: EISDIR/],
    },
    "read-only": {
      make: (file) => chmodSync(put(file, "{}\n"), 0o444),
      says: [/opencode\.json is read-only/, /chmod u\+w/],
    },
    "a link to a file that a tool keeps read-only": {
      make: (file, { dir }) => {
        chmodSync(put(join(dir, "store/opencode.json"), "{}\n"), 0o444);
        symlinkSync(join(dir, "store/opencode.json"), file);
      },
      says: [/opencode\.json is read-only/, /It is a link to .*\/store\/opencode\.json/],
    },
    "a link to nothing": {
      make: (file) => symlinkSync("../moved-away/opencode.json", file),
      says: [
        /opencode\.json is a symbolic link to \.\.\/moved-away\/opencode\.json, and nothing is there/,
        /remove the link/,
      ],
    },
  };

  it.each(Object.entries(refused))(
    "%s: says which file and what to do, and changes nothing",
    async (_, { make, says }) => {
      const world = makeWorld();
      const file = join(world.project, "opencode.json");
      make(file, world);
      const before = { files: tree(world.dir), link: lstatSync(file).isSymbolicLink() };
      const result = await install(world);
      expect(result.code).toBe(1);
      for (const said of says) expect(result.err).toMatch(said);
      expect({ files: tree(world.dir), link: lstatSync(file).isSymbolicLink() }).toEqual(before);
      expect(existsSync(join(world.project, ".aegis"))).toBe(false);
    },
  );
});
