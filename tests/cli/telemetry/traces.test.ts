import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { traceEndpoint } from "../../../src/cli/telemetry/endpoint.ts";
import { tracedNewest } from "../../../src/cli/telemetry/tracedNewest.ts";
import { TraceFollower } from "../../../src/cli/telemetry/traceFollower.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { AT_WORK, demoProject, recordedSwarm } from "../dashboard/recordedSwarm.ts";
import { place, serve } from "../dashboard/served.ts";
import { cli, put } from "../io.ts";

const value = z.looseObject({
  stringValue: z.string().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
});
const spanSchema = z.looseObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string().regex(/^\d+$/),
  endTimeUnixNano: z.string().regex(/^\d+$/),
  attributes: z.array(z.object({ key: z.string(), value })),
  status: z.looseObject({ code: z.number().optional() }),
});
type Received = z.infer<typeof spanSchema>;
const body = z.looseObject({
  resourceSpans: z.array(z.looseObject({ scopeSpans: z.array(z.looseObject({ spans: z.array(spanSchema) })) })),
});

/** An OTLP/HTTP receiver: keeps what it gets. */
function receiver() {
  const spans: Received[] = [];
  const paths: string[] = [];
  let answer = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      paths.push(request.url ?? "");
      const bytes = Buffer.concat(chunks);
      const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
      if (answer === 200)
        for (const { scopeSpans } of body.parse(JSON.parse(text)).resourceSpans)
          spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      response.writeHead(answer, { "content-type": "application/json" }).end("{}");
    });
  });
  return {
    ...{ spans, paths },
    answerWith: (status: number) => {
      answer = status;
    },
    listen: () =>
      new Promise<string>((resolve) => {
        server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
      }),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const attribute = (span: Received, key: string) => {
  const found = span.attributes.find((each) => each.key === key)?.value;
  return found?.stringValue ?? (found?.intValue === undefined ? undefined : Number(found.intValue));
};

describe("a swarm's trace", () => {
  const { project, home, remove } = place();
  const otlp = receiver();
  let base = "";
  beforeAll(async () => {
    base = await otlp.listen();
    demoProject(project);
  });
  afterAll(async () => {
    await otlp.close();
    remove();
  });

  it("nests swarm, phase, Worker and tool call, at a collector of OTLP", async () => {
    recordedSwarm(project, { events: 10_000, now: Date.now() });
    const env = { PATH: process.env.PATH ?? "", HOME: home, OTEL_EXPORTER_OTLP_ENDPOINT: base };
    const { code, out } = await cli(["swarm", "trace", "--json"], { cwd: project, env });
    expect(code).toBe(0);
    const { spans: sent } = JSON.parse(out) as { spans: number };
    expect(otlp.paths).toContain("/v1/traces");
    expect(otlp.spans).toHaveLength(sent);
    expect(new Set(otlp.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(otlp.spans.map(({ spanId }) => spanId)).size).toBe(sent);
    const byId = new Map(otlp.spans.map((span) => [span.spanId, span]));
    const above = (span: Received): string[] => {
      const parent = byId.get(span.parentSpanId ?? "");
      return parent ? [parent.name, ...above(parent)] : [];
    };
    expect(otlp.spans.filter(({ parentSpanId }) => !parentSpanId).map(({ name }) => name)).toEqual(["swarm"]);
    const named = (name: string) => otlp.spans.filter((span) => span.name === name);
    for (const phase of ["design", "foundation", "monitoring", "integrate", "final-qa"])
      expect(named(`phase ${phase}`).map(above)).toEqual([["swarm"]]);
    const workers = otlp.spans.filter(({ name }) => name.startsWith("invoke_agent w"));
    expect(workers.map(({ name }) => name).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `invoke_agent w0${n}`));
    for (const worker of workers) {
      expect(above(worker)).toEqual(["phase monitoring", "swarm"]);
      expect(attribute(worker, "gen_ai.operation.name")).toBe("invoke_agent");
      expect(attribute(worker, "aegis.worker.status")).toBe("completed");
    }
    const below = otlp.spans.filter(({ parentSpanId }) => byId.get(parentSpanId ?? "")?.name === "invoke_agent w01");
    expect(below.map(({ name }) => name)).toEqual(expect.arrayContaining(["execute_tool bash", "chat"]));
    const call = below.find(({ name }) => name === "execute_tool bash");
    expect(call && above(call)).toEqual(["invoke_agent w01", "phase monitoring", "swarm"]);
    expect(call && attribute(call, "gen_ai.tool.name")).toBe("bash");
    const chat = below.find(({ name }) => name === "chat");
    expect(chat && attribute(chat, "gen_ai.usage.input_tokens")).toBeGreaterThan(100);
    expect(chat?.kind).toBe(3);
    // Helpers within the Worker that asked, their calls within them.
    const helpers = otlp.spans.filter(({ name }) => /^invoke_agent (scout|librarian)$/.test(name));
    expect(helpers.map(({ name }) => name).sort()).toEqual([
      "invoke_agent librarian",
      ...Array(3).fill("invoke_agent scout"),
    ]);
    for (const helper of helpers)
      expect(above(helper)).toEqual([expect.stringMatching(/^invoke_agent w0\d$/), "phase monitoring", "swarm"]);
    expect(new Set(helpers.map(({ parentSpanId }) => parentSpanId)).size).toBe(4);
    const reads = named("execute_tool read").filter((span) =>
      /^(scout|librarian)$/.test(`${attribute(span, "aegis.role")}`),
    );
    expect(reads.length).toBeGreaterThan(3);
    for (const read of reads) expect(above(read)[0]).toBe(`invoke_agent ${attribute(read, "aegis.role")}`);
    // Times are the log's own, and no child begins before its parent.
    for (const span of otlp.spans) {
      expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), span.name).toBe(true);
      const parent = byId.get(span.parentSpanId ?? "");
      if (parent) expect(BigInt(span.startTimeUnixNano) >= BigInt(parent.startTimeUnixNano), span.name).toBe(true);
    }
  });

  it("holds no word of a prompt, a command or a file", () => {
    const told = JSON.stringify(otlp.spans);
    for (const word of ["npm", "src/", "notice", "typecheck"]) expect(told).not.toContain(word);
  });

  it("is the same trace whoever sends it again", async () => {
    const before = new Set(otlp.spans.map(({ spanId }) => spanId));
    const env = { PATH: process.env.PATH ?? "", HOME: home, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${base}/other` };
    await cli(["swarm", "trace"], { cwd: project, env });
    expect(otlp.paths.at(-1)).toBe("/other");
    expect(new Set(otlp.spans.map(({ spanId }) => spanId))).toEqual(before);
  });

  it("follows a swarm while the dashboard runs, each span once", async () => {
    const live = place();
    demoProject(live.project);
    const swarm = recordedSwarm(live.project, { events: AT_WORK, now: Date.now() - 60_000 });
    put(`${live.home}/.config/oh-my-qwencoder/aegis.jsonc`, JSON.stringify({ telemetry: { otlp: base } }));
    otlp.spans.length = 0;
    const served = await serve(live.project, live.home);
    await vi.waitFor(() => expect(otlp.spans.some(({ name }) => name === "phase design")).toBe(true), {
      timeout: 60_000,
    });
    expect(otlp.spans.some(({ name }) => name === "swarm")).toBe(false);
    swarm.advance(Date.now());
    await vi.waitFor(() => expect(otlp.spans.some(({ name }) => name === "swarm")).toBe(true), { timeout: 60_000 });
    await served.close();
    live.remove();
    expect(new Set(otlp.spans.map(({ spanId }) => spanId)).size).toBe(otlp.spans.length);
  });

  it("tries again what a collector did not take, and says why once", async () => {
    const told: string[] = [];
    const traced = tracedNewest({ stateDir: `${project}/.aegis`, stateHome: home }, Date.now());
    otlp.spans.length = 0;
    otlp.answerWith(400);
    const follower = new TraceFollower(
      () => traced,
      { url: `${base}/v1/traces`, version: "0" },
      (why) => told.push(why),
    );
    follower.start();
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 60_000 });
    otlp.answerWith(200);
    await vi.waitFor(() => expect(otlp.spans.length).toBeGreaterThan(100), { timeout: 60_000 });
    await follower.close();
    expect(told).toHaveLength(1);
  });
});

describe("where traces go", () => {
  const config = (more: object = {}) => configSchema.parse(more);

  it("is this machine, or a host that the person allowed", () => {
    expect(traceEndpoint(config(), {})).toEqual({ kind: "none" });
    expect(traceEndpoint(config({ telemetry: { otlp: "http://127.0.0.1:4318/" } }), {})).toEqual({
      kind: "url",
      url: "http://127.0.0.1:4318/v1/traces",
    });
    const outside = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example" };
    expect(traceEndpoint(config(), outside)).toEqual({ kind: "refused", host: "collector.example" });
    expect(traceEndpoint(config({ security: { allowHosts: ["collector.example"] } }), outside)).toEqual({
      kind: "url",
      url: "https://collector.example/v1/traces",
    });
  });

  it("is never chosen by a repository, and never outside unasked", async () => {
    const { project, home, remove } = place();
    demoProject(project);
    recordedSwarm(project, { events: AT_WORK, now: Date.now() });
    const otlp = receiver();
    const base = await otlp.listen();
    put(`${project}/aegis.jsonc`, JSON.stringify({ telemetry: { otlp: base } }));
    const env = { PATH: process.env.PATH ?? "", HOME: home };
    const own = await cli(["swarm", "trace"], { cwd: project, env });
    expect(own.code).toBe(2);
    const outside = { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.example:4318" };
    const refused = await cli(["swarm", "trace"], { cwd: project, env: outside });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("collector.example");
    expect(refused.err).toContain("security.allowHosts");
    expect(otlp.paths).toEqual([]);
    await otlp.close();
    remove();
  });
});
