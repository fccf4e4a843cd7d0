import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { renderJsonSchema } from "../../src/config/jsonSchema.ts";
import { leaves } from "../../src/config/keys.ts";

const committed = readFileSync(new URL("../../aegis.schema.json", import.meta.url), "utf8");

it("aegis.schema.json is what the schema says (`node scripts/schema.mjs` writes it)", () => {
  expect(committed).toBe(renderJsonSchema());
});

it("describes every key and refuses unknown ones", () => {
  const missing: string[] = [];
  const visit = (node: unknown, path: string) => {
    if (typeof node !== "object" || node === null) return;
    const { properties, additionalProperties, description } = node as Record<string, unknown>;
    if (typeof description !== "string") missing.push(path);
    if (typeof properties !== "object" || properties === null) return;
    expect([path, additionalProperties]).toEqual([path, false]);
    for (const [key, child] of Object.entries(properties)) visit(child, `${path}.${key}`);
  };
  visit(JSON.parse(committed), "");
  expect(missing).toEqual([]);
  expect(leaves().length).toBeGreaterThan(50);
});
