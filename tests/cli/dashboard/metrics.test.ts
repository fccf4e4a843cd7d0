import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageLog } from "../../../src/adapters/tracking/usageLog.ts";
import { METRICS } from "../../../src/cli/dashboard/metricsTable.ts";
import { AT_WORK, demoProject, recordedSwarm } from "./recordedSwarm.ts";
import { place, serve } from "./served.ts";
import { type Family, strictExposition } from "./strictExposition.ts";

const row = { agent: "worker", success: true, cacheHit: true, input: 9_000, output: 80, duration: 700 };

/** The metrics of a project with a swarm at work, before and after some requests. */
async function scraped(): Promise<{ before: Family[]; after: Family[]; type: string; refused: number }> {
  const { project, home, remove } = place();
  demoProject(project);
  const swarm = recordedSwarm(project, { events: AT_WORK, now: Date.now() });
  await swarm.tell({ w01: { tokens: 1_200 } }, { running: 6, waiting: 2, kvUsage: 0.41, prefixHits: 0.83 });
  const log = new UsageLog(join(home, ".local/state/oh-my-qwencoder"));
  log.append({ ...row, at: Date.now(), provider: "local" });
  const served = await serve(project, home);
  try {
    const ask = () => fetch(`${served.base}/metrics`, { headers: { authorization: `Bearer ${served.token}` } });
    const refused = (await fetch(`${served.base}/metrics`)).status;
    const before = strictExposition(await (await ask()).text());
    for (const provider of ["local", "local", "claude", 'a "quoted\\\n name'])
      log.append({ ...row, at: Date.now(), provider });
    log.append({ ...row, at: Date.now(), provider: "local", success: false, duration: 45_000 });
    const response = await ask();
    const after = strictExposition(await response.text());
    return { before, after, type: response.headers.get("content-type") ?? "", refused };
  } finally {
    await served.close();
    remove();
  }
}

describe("/metrics", () => {
  it("is what Prometheus reads, and says what the swarm, the servers and the requests do", async () => {
    const { before, after, type, refused } = await scraped();
    expect(refused).toBe(401);
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(after.map(({ name, type: kind }) => [name, kind])).toEqual(
      METRICS.map(({ name, type: kind }) => [name, kind]),
    );
    const of = (families: Family[], name: string, labels: Record<string, string> = {}) =>
      families
        .flatMap(({ samples }) => samples)
        .find(
          (sample) =>
            sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
        )?.value;
    for (const { name, labels } of METRICS)
      for (const sample of after.find((family) => family.name === name)?.samples ?? [])
        expect(Object.keys(sample.labels).filter((label) => label !== "le")).toEqual([...labels]);
    expect(of(after, "aegis_swarm_info", { phase: "monitoring" })).toBe(1);
    expect(of(after, "aegis_swarm_driven")).toBe(1);
    expect(of(after, "aegis_swarm_events")).toBe(AT_WORK);
    expect(of(after, "aegis_workers", { status: "implementing" })).toBeGreaterThan(0);
    expect(of(after, "aegis_worker_tokens", { worker: "w01" })).toBe(1_200);
    expect(of(after, "aegis_swarm_session_seconds", { role: "worker", activity: "model" })).toBeGreaterThan(0);
    expect(of(after, "aegis_server_kv_cache_usage_ratio", { server: "127.0.0.1:8001" })).toBe(0.41);
    expect(of(after, "aegis_server_output_tokens_per_second")).toBeUndefined();
    // What was there before is no news; what came is.
    expect(of(before, "aegis_requests_total", { provider: "local", outcome: "answered" })).toBe(0);
    const local = { provider: "local", agent: "worker" };
    expect(of(after, "aegis_requests_total", { ...local, outcome: "answered" })).toBe(2);
    expect(of(after, "aegis_requests_total", { ...local, outcome: "failed" })).toBe(1);
    expect(of(after, "aegis_request_tokens_total", { ...local, direction: "input" })).toBe(27_000);
    expect(of(after, "aegis_request_cost_dollars_total", { provider: "claude" })).toBeGreaterThan(0);
    expect(of(after, "aegis_request_duration_seconds_count", { provider: "local" })).toBe(3);
    expect(of(after, "aegis_request_duration_seconds_bucket", { provider: "local", le: "1" })).toBe(2);
    expect(of(after, "aegis_requests_total", { provider: 'a "quoted\\\n name', outcome: "answered" })).toBe(1);
  });

  it("says nothing of a swarm where there is none", async () => {
    const { project, home, remove } = place();
    const served = await serve(project, home);
    const response = await fetch(`${served.base}/metrics`, { headers: { authorization: `Bearer ${served.token}` } });
    const told = strictExposition(await response.text()).filter(({ samples }) => samples.length > 0);
    await served.close();
    remove();
    expect(told.map(({ name }) => name)).toEqual(["aegis_build_info"]);
  });

  it("is documented, name for name", () => {
    const text = readFileSync(join(process.cwd(), "docs/observability.md"), "utf8");
    const documented = [...text.matchAll(/^\| `(aegis_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$/gm)].map(
      ([, name, type, labels = "", help]) => ({ name, type, labels: labels.match(/\w+/g) ?? [], help }),
    );
    expect(documented).toEqual(
      METRICS.map(({ name, type, labels, help }) => ({ name, type, labels: [...labels], help })),
    );
  });
});

describe("the strict reader", () => {
  it.each([
    ["a sample without a family", "a 1\n"],
    ["a counter without _total", "# HELP a b\n# TYPE a counter\na 1\n"],
    ["a series twice", "# HELP a b\n# TYPE a gauge\na 1\na 2\n"],
    ["no help", "# TYPE a gauge\na 1\n"],
    ["a bad label", '# HELP a b\n# TYPE a gauge\na{0="x"} 1\n'],
    ["an open quote", '# HELP a b\n# TYPE a gauge\na{x="x} 1\n'],
    ["no number", "# HELP a b\n# TYPE a gauge\na NaN\n"],
    ["an open end", "# HELP a b\n# TYPE a gauge\na 1"],
    [
      "buckets that fall",
      '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
    ],
  ])("refuses %s", (_, text) => {
    expect(() => strictExposition(text)).toThrow();
  });
});
