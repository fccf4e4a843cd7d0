import { performance } from "node:perf_hooks";
import { configSchema } from "../../src/config/schema.ts";

// Run in a process of its own by gateStart.ts: what the gate adds to a start. The plugin has read its configuration by
// then, so zod is there and has made its first schema (2 to 3 ms that are not the gate's). Prints one JSON object, ms.
const { gate } = configSchema.parse({});
const before = performance.now();
const { ModelRequests } = await import("../../plugin/hooks/modelRequests.ts");
const loaded = performance.now();
const provider = () => ({
  npm: "@ai-sdk/openai-compatible",
  options: { baseURL: "http://127.0.0.1:8001/v1" },
  models: {},
});
const config = { provider: { aegis: provider(), second: provider(), third: provider() } };
const requests = new ModelRequests(
  {
    repair: gate.repair,
    everySession: gate.repair.everySession,
    allowHosts: ["gpu.lan:8001"],
    egressAll: false,
    limits: {
      firstByteMs: 280_000,
      stallMs: 90_000,
      budget: { retries: 3, waitMs: 30_000, firstMs: 500, longestMs: 8_000 },
    },
    silenceMs: 120_000,
  },
  async () => "none",
  { projectDir: "/nowhere", log: () => undefined },
  () => undefined,
);
requests.standBefore(config as never);
const stands = performance.now();
if (!requests.stands("third")) throw new Error("the gate does not stand");
process.stdout.write(JSON.stringify({ load: loaded - before, start: stands - loaded }));
