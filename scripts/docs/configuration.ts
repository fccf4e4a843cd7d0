import { z } from "zod";
import { renderJsonSchema } from "../../src/config/jsonSchema.ts";
import { weakeningKeys } from "../../src/config/schema.ts";

/** What of a JSON schema the page shows. */
interface Shape {
  description?: string | undefined;
  default?: unknown;
  type?: string | string[] | undefined;
  const?: unknown;
  enum?: unknown[] | undefined;
  pattern?: string | undefined;
  minimum?: number | undefined;
  exclusiveMinimum?: number | undefined;
  maximum?: number | undefined;
  properties?: Record<string, Shape> | undefined;
  additionalProperties?: boolean | Shape | undefined;
  items?: Shape | undefined;
  anyOf?: Shape[] | undefined;
  oneOf?: Shape[] | undefined;
}

const shape: z.ZodType<Shape> = z.lazy(() =>
  z.looseObject({
    description: z.string().optional(),
    default: z.unknown().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    pattern: z.string().optional(),
    minimum: z.number().optional(),
    exclusiveMinimum: z.number().optional(),
    maximum: z.number().optional(),
    properties: z.record(z.string(), shape).optional(),
    additionalProperties: z.union([z.boolean(), shape]).optional(),
    items: shape.optional(),
    anyOf: z.array(shape).optional(),
    oneOf: z.array(shape).optional(),
  }),
);

const INTRODUCTION = `# Configuration

Every key of \`aegis.jsonc\`. This page is made from the schema (\`node scripts/docs.mjs\`); \`oh-my-qwencoder config show\` prints what counts here and where each value comes from, \`config validate\` finds mistakes with line and column.

Later ones count: the default, \`/etc/oh-my-qwencoder/aegis.jsonc\`, \`~/.config/oh-my-qwencoder/aegis.jsonc\` (\`$XDG_CONFIG_HOME\`), \`aegis.jsonc\` in the project, the plugin's options in OpenCode's configuration, \`OMQ_…\` and \`AEGIS_…\` variables, flags. Objects merge key by key, lists are replaced. A key's variable is its path in capitals: \`swarm.maxWorkers\` is \`OMQ_SWARM_MAX_WORKERS\`; lists are JSON or parted by commas. An unknown key or a wrong value is an error with its place: nothing falls back to a default.

† takes protection away: never read from a repository's files, where it is ignored with a warning.
`;

/** The page of all settings, as Markdown. */
export function configurationPage(): string {
  const root = shape.parse(JSON.parse(renderJsonSchema()));
  const entries = Object.entries(root.properties ?? {}).filter(([key]) => key !== "$schema");
  const single = entries.filter(([, each]) => each.properties === undefined);
  const groups = entries.filter(([, each]) => each.properties !== undefined);
  const parts = [INTRODUCTION, "## At the top\n", table(single.flatMap(([key, each]) => rows([key], each)))];
  for (const [key, group] of groups) {
    parts.push(`## ${key}\n`);
    if (group.description !== undefined) parts.push(`${group.description}\n`);
    parts.push(table(Object.entries(group.properties ?? {}).flatMap(([name, each]) => rows([key, name], each))));
  }
  return parts.join("\n");
}

/** A row of a setting, and of what is in it. */
function rows(path: readonly string[], each: Shape): string[][] {
  const key = path.join(".");
  const inner = each.properties ?? each.items?.properties ?? namedValue(each)?.properties;
  const below = inner === undefined ? [] : Object.entries(inner);
  const step = each.properties === undefined ? (each.items?.properties === undefined ? ".NAME" : "[]") : "";
  const own = [
    `\`${key}\`${weakeningKeys.includes(key) ? " †" : ""}`,
    each.properties === undefined ? code(each.default) : "",
    each.properties === undefined ? kindOf(each) : "",
    each.description ?? "",
  ];
  const more = below.flatMap(([name, child]) => rows([...path.slice(0, -1), `${path.at(-1)}${step}`, name], child));
  return each.properties !== undefined && each.description === undefined ? more : [own, ...more];
}

/** What each value of an object with free names is. */
function namedValue({ additionalProperties }: Shape): Shape | undefined {
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

function code(value: unknown): string {
  return value === undefined ? "" : `\`${JSON.stringify(value)}\``;
}

function kindOf(each: Shape): string {
  const choices = each.enum ?? (each.const === undefined ? undefined : [each.const]);
  if (choices !== undefined) return choices.map(code).join(", ");
  const ways = each.anyOf ?? each.oneOf;
  if (ways !== undefined) return ways.map(kindOf).join(" or ");
  if (each.type === "array") return `list of ${plural(each.items)}`;
  if (each.type === "object") return each.properties === undefined ? "object by name" : "object";
  if (each.type === "boolean") return "`true`, `false`";
  return `${String(each.type ?? "any")}${bounds(each)}`;
}

function plural(items: Shape | undefined): string {
  if (items?.enum !== undefined) return kindOf(items);
  if (items?.type === "object") return "objects";
  return items?.type === undefined ? "values" : `${String(items.type)}s`;
}

function bounds({ minimum, exclusiveMinimum, maximum }: Shape): string {
  // The largest whole number there is bounds nothing anybody writes.
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined)
    return most === undefined ? ` above ${exclusiveMinimum}` : ` above ${exclusiveMinimum}, up to ${most}`;
  if (minimum !== undefined && most !== undefined) return ` ${minimum} to ${most}`;
  if (minimum !== undefined) return ` from ${minimum}`;
  return most === undefined ? "" : ` up to ${most}`;
}

function table(lines: readonly string[][]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  return [
    "| key | default | takes | means |",
    "|---|---|---|---|",
    ...lines.map((line) => `| ${line.map(cell).join(" | ")} |`),
    "",
  ].join("\n");
}
