import { describe, expect, it } from "vitest";
import { z } from "zod";
import { swarmTools } from "../../plugin/tools/all.ts";
import { HOST_TOOLS, ROLES, SWARM_TOOLS } from "../../src/core/roles.ts";

/** As OpenCode makes it of a tool's shape for the request. */
const schemaOf = (args: z.ZodRawShape) => z.toJSONSchema(z.strictObject(args), { io: "input" });
type Schema = {
  type?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  description?: string;
  [key: string]: unknown;
};

const SCALARS = ["string", "number", "integer", "boolean"];
/** Where a model has to choose between shapes, or follow a reference, small ones write a shape of their own. */
const CHOICES = ["anyOf", "oneOf", "allOf", "not", "$ref", "patternProperties", "if", "prefixItems"];

/** What a schema has that is not flat: an argument is a scalar, a list of them, or a list of objects made of these two. */
function notFlat(schema: Schema, place: string, depth: number): string[] {
  const choices = CHOICES.filter((key) => key in schema).map((key) => `${place}: ${key}`);
  if (SCALARS.includes(String(schema.type))) return choices;
  if (schema.type === "array") return [...choices, ...notFlat(schema.items ?? {}, `${place}[]`, depth)];
  if (schema.type !== "object" || depth === 0) return [...choices, `${place}: ${JSON.stringify(schema.type)}`];
  if (!schema.properties || schema.additionalProperties !== false) return [...choices, `${place}: open object`];
  return [
    ...choices,
    ...Object.entries(schema.properties).flatMap(([key, member]) => notFlat(member, `${place}.${key}`, depth - 1)),
  ];
}

describe.each(swarmTools.map((tool) => [tool.name, tool] as const))("the tool %s", (name, tool) => {
  const schema = schemaOf(tool.args) as Schema;

  it("takes flat arguments, few of them", () => {
    expect(notFlat(schema, name, 2)).toEqual([]);
    expect(Object.keys(schema.properties ?? {}).length).toBeLessThanOrEqual(8);
    expect(Buffer.byteLength(JSON.stringify(schema))).toBeLessThan(3_000);
  });

  it("is described in a sentence or two of plain words", () => {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(tool.description.length).toBeLessThan(240);
    const texts = [tool.description, ...JSON.stringify(schema).matchAll(/"description":"(.*?)"[,}]/g)].map(String);
    expect(texts.filter((text) => /<\/?[a-z_]+>|\n/.test(text))).toEqual([]);
  });
});

it("would be told from a tool whose arguments nest or offer a choice", () => {
  const deep = { a: z.strictObject({ b: z.strictObject({ c: z.string() }) }) };
  expect(notFlat(schemaOf(deep) as Schema, "x", 2)).toEqual(['x.a.b: "object"']);
  const choice = { a: z.union([z.string(), z.array(z.string())]) };
  expect(notFlat(schemaOf(choice) as Schema, "x", 2)).toContain("x.a: anyOf");
  expect(notFlat(schemaOf({ a: z.record(z.string(), z.string()) }) as Schema, "x", 2)).toEqual(["x.a: open object"]);
});

it.each(["commander", "worker"] as const)("what there is for the %s is what SWARM_TOOLS offers it", (role) => {
  const made = swarmTools.filter((tool) => tool.role === role).map(({ name }) => name);
  expect(made.sort(), "plugin/tools/all.ts against SWARM_TOOLS in src/core/roles.ts").toEqual(
    [...SWARM_TOOLS[role]].sort(),
  );
});

it("every role is offered few tools", () => {
  const offered = ROLES.map((role) => {
    const own: readonly string[] = role === "commander" || role === "worker" ? SWARM_TOOLS[role] : [];
    return [role, new Set([...own, ...HOST_TOOLS[role]]).size];
  });
  for (const [role, count] of offered) expect(count, String(role)).toBeLessThanOrEqual(role === "commander" ? 24 : 12);
});
