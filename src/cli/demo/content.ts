import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { z } from "zod";

/** One file of the demo's project; `path` is relative to the project, `/`-separated. */
export interface DemoFile {
  path: string;
  content: string;
}

const Words = z.object({ en: z.string(), ko: z.string() });
const FeatureData = z.strictObject({
  name: z.string(),
  title: Words,
  description: Words,
  spec: z.string(),
  /** A question that the Worker puts to a read-only helper before it writes. */
  helper: z
    .strictObject({
      agent: z.enum(["scout", "librarian"]),
      question: z.string(),
      reads: z.array(z.string()),
      answer: z.string(),
    })
    .optional(),
  /** A write outside the Worker's scope, tried so that the refusal is seen. */
  trespass: z.strictObject({ filePath: z.string(), content: z.string(), text: z.string() }).optional(),
});
const DemoData = z.strictObject({ features: z.array(FeatureData).min(1) });

export interface DemoFeature extends z.infer<typeof FeatureData> {
  scope: string;
  /** In the order of writing: every prefix of it compiles, so that Workers who share the tree never see it broken. */
  files: readonly DemoFile[];
}

export interface DemoContent {
  /** What the project holds before anybody is asked for anything; it becomes the first commit. */
  start: readonly DemoFile[];
  foundation: readonly DemoFile[];
  features: readonly DemoFeature[];
  integration: readonly DemoFile[];
}

/** npm leaves out files of this name when it packs, so the template has it without the dot. */
const STORED_NAMES: Readonly<Record<string, string>> = { gitignore: ".gitignore" };

/**
 * Reads the demo's project from `templates/demo-project`, cut down to its first `workers` features.
 * Throws when the template is missing or broken.
 */
export async function loadDemoContent(templateDir: string, workers: number): Promise<DemoContent> {
  const data = DemoData.parse(JSON.parse(await readFile(join(templateDir, "demo.json"), "utf8")));
  const chosen = data.features.slice(0, workers);
  const names = new Set(chosen.map((feature) => feature.name));
  const features = await Promise.all(
    chosen.map(async (feature) => ({
      ...feature,
      scope: `src/${feature.name}/**`,
      files: dependenciesFirst(await filesBelow(join(templateDir, "features", feature.name))),
    })),
  );
  const integration = await filesBelow(join(templateDir, "integration"));
  return {
    start: await filesBelow(join(templateDir, "start")),
    foundation: dependenciesFirst(await filesBelow(join(templateDir, "foundation"))),
    features,
    integration: dependenciesFirst(
      integration.map((file) => ({ ...file, content: withFeatures(file.content, names) })),
    ),
  };
}

/**
 * Keeps what belongs to the chosen features. Blocks are lines `//#if name`, an optional `//#else name`, `//#endif`;
 * nested ones count only where all hold.
 */
export function withFeatures(text: string, features: ReadonlySet<string>): string {
  const open: boolean[] = [];
  const kept: string[] = [];
  for (const line of text.split("\n")) {
    const [, directive, name] = /^\/\/#(if|else|endif)\s*(\S*)/.exec(line) ?? [];
    if (directive === "if") open.push(features.has(name ?? ""));
    else if (directive === "else") open.push(!open.pop());
    else if (directive === "endif") open.pop();
    else if (open.every(Boolean)) kept.push(line);
  }
  return kept.join("\n");
}

async function filesBelow(folder: string): Promise<DemoFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const inside = relative(folder, path).split(sep).join("/");
      return { path: STORED_NAMES[inside] ?? inside, content: await readFile(path, "utf8") };
    }),
  );
}

/** Orders files so that each comes after those it imports by a relative path; otherwise by path. */
function dependenciesFirst(files: readonly DemoFile[]): DemoFile[] {
  const waiting = [...files].sort((a, b) => a.path.localeCompare(b.path, "en"));
  const ordered: DemoFile[] = [];
  while (waiting.length > 0) {
    const free = waiting.findIndex((file) => !waiting.some((other) => other !== file && imports(file, other)));
    ordered.push(...waiting.splice(Math.max(0, free), 1));
  }
  return ordered;
}

function imports(file: DemoFile, other: DemoFile): boolean {
  const folder = file.path.split("/").slice(0, -1);
  return [...file.content.matchAll(/from "(\.[^"]+)\.js"/g)].some(([, target = ""]) => {
    const parts = [...folder];
    for (const part of target.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== ".") parts.push(part);
    }
    return `${parts.join("/")}.ts` === other.path;
  });
}
