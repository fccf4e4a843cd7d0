import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { METRICS } from "../../src/cli/dashboard/metricsTable.ts";
import { Counters, metricsText } from "../../vllm/simulator/metrics.ts";

const dataSource = z.strictObject({ type: z.literal("prometheus"), uid: z.literal("${datasource}") });
const place = z.strictObject({
  x: z.number().int().min(0).max(23),
  y: z.number().int().min(0),
  w: z.number().int().min(1).max(24),
  h: z.number().int().min(1),
});
const shared = { id: z.number().int().positive(), title: z.string().min(1), gridPos: place };
const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource: dataSource,
  expr: z.string().min(1),
  legendFormat: z.string(),
  instant: z.boolean().optional(),
});
const panel = z.discriminatedUnion("type", [
  z.strictObject({ ...shared, type: z.literal("row"), collapsed: z.boolean(), panels: z.array(z.never()) }),
  ...(["stat", "timeseries"] as const).map((type) =>
    z.strictObject({
      ...shared,
      type: z.literal(type),
      description: z.string().optional(),
      datasource: dataSource,
      fieldConfig: z.strictObject({
        defaults: z.looseObject({ unit: z.enum(["short", "s", "currencyUSD", "reqps", "percentunit"]) }),
        overrides: z.array(z.never()),
      }),
      options: z.record(z.string(), z.unknown()),
      targets: z.array(target).min(1),
    }),
  ),
]);
const choice = z.union([z.string(), z.array(z.string())]);
const variable = z.strictObject({
  name: z.string(),
  label: z.string(),
  type: z.enum(["datasource", "query"]),
  query: z.union([z.string(), z.strictObject({ query: z.string(), refId: z.string() })]),
  datasource: dataSource.optional(),
  current: z.strictObject({ selected: z.boolean().optional(), text: choice, value: choice }).optional(),
  options: z.array(z.never()),
  refresh: z.number().int().min(0).max(2),
  hide: z.number().int().min(0).max(2),
  sort: z.number().int().min(0).max(8).optional(),
  regex: z.string(),
  multi: z.boolean(),
  includeAll: z.boolean(),
  allValue: z.string().nullish(),
  skipUrlSync: z.boolean(),
});
/**
 * Grafana's own dashboard kind as far as this file uses it: the keys and types of `Dashboard` in @grafana/schema 13.2.3, and
 * before them what an export has for the import. grafana-foundation-sdk 10.1 (Python) reads the file and loses no field.
 */
const dashboard = z.strictObject({
  __inputs: z.array(z.never()),
  __requires: z.array(z.strictObject({ type: z.string(), id: z.string(), name: z.string(), version: z.string() })),
  description: z.string(),
  editable: z.boolean(),
  fiscalYearStartMonth: z.number().int().min(0).max(11),
  graphTooltip: z.number().int().min(0).max(2),
  links: z.array(z.never()),
  liveNow: z.boolean(),
  timepicker: z.strictObject({}),
  timezone: z.string(),
  version: z.number().int(),
  weekStart: z.string(),
  id: z.null(),
  uid: z.string().regex(/^[a-z0-9-]{1,40}$/),
  title: z.string().min(1),
  tags: z.array(z.string()),
  schemaVersion: z.number().int().min(36),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  refresh: z.string(),
  annotations: z.strictObject({ list: z.array(z.never()) }),
  templating: z.strictObject({ list: z.array(variable) }),
  panels: z.array(panel),
});

const file = join(process.cwd(), "templates/serving/grafana/aegis-swarm.json");
const read = dashboard.parse(JSON.parse(readFileSync(file, "utf8")));
const queries = read.panels.flatMap((each) => (each.type === "row" ? [] : each.targets.map(({ expr }) => expr)));

/** Names of samples of a metric. */
function samplesOf({ name, type }: { name: string; type: string }): string[] {
  return type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

/** As the simulated vLLM has them, which the tests against a real one compare (tests/real). */
function vllmNames(): string[] {
  const cache = { blockSize: 16, dtype: "auto", utilization: 0.9, maxConcurrency: 1, kvCacheTokens: 1, blocks: 1 };
  const text = metricsText("m", { running: 0, waiting: 0, kvUsage: 0 }, new Counters(), cache);
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type = ""]) => samplesOf({ name, type }));
}

describe("the Grafana dashboard", () => {
  it("asks for metrics only that there are, with labels that they have", () => {
    const own = new Map(METRICS.flatMap((row) => samplesOf(row).map((name) => [name, row] as const)));
    const vllm = new Set(vllmNames());
    expect(queries.length).toBeGreaterThan(20);
    for (const query of queries) {
      const names = query.match(/(?:aegis_|vllm:)\w+/g) ?? [];
      expect(names.length, query).toBeGreaterThan(0);
      for (const name of names) expect(own.has(name) || vllm.has(name), name).toBe(true);
      for (const [, name = "", inside = ""] of query.matchAll(/(aegis_\w+)\{([^}]*)\}/g))
        for (const [, label = ""] of inside.matchAll(/(\w+)=/g))
          expect(["job", ...(own.get(name)?.labels ?? [])], `${name} ${label}`).toContain(label);
    }
  });

  it("balances its queries, and uses the variables that it has", () => {
    const variables = new Set(read.templating.list.map(({ name }) => name));
    for (const query of queries) {
      for (const [opening, closing] of ["()", "{}", "[]"]) {
        const count = (sign = "") => query.split(sign).length;
        expect(count(opening), query).toBe(count(closing));
      }
      for (const [, name = ""] of query.matchAll(/\$(\w+)/g))
        expect([...variables, "__range", "__rate_interval"], query).toContain(name);
    }
  });

  it("puts every panel in a place of its own, with an id of its own", () => {
    const taken = new Set<string>();
    for (const { gridPos, title } of read.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x},${y}`), title).toBe(false);
          taken.add(`${x},${y}`);
        }
    }
    expect(new Set(read.panels.map(({ id }) => id)).size).toBe(read.panels.length);
  });
});
