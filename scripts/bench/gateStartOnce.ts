import { performance } from "node:perf_hooks";
import "zod";

// Run in a process of its own by gateStart.ts: what the gate adds to a start, where zod is there already (the plugin needs
// it before the gate). Prints one JSON object, ms.
const before = performance.now();
const { ModelRequests } = await import("../../plugin/hooks/modelRequests.ts");
const { EVERY_REPAIR } = await import("../../src/core/gate/report.ts");
const { DEFAULT_RETRY_BUDGET } = await import("../../src/core/gate/retryPlan.ts");
const loaded = performance.now();
const provider = () => ({
  npm: "@ai-sdk/openai-compatible",
  options: { baseURL: "http://127.0.0.1:8001/v1" },
  models: {},
});
const config = { provider: { aegis: provider(), second: provider(), third: provider() } };
const requests = new ModelRequests(
  {
    repair: EVERY_REPAIR,
    everySession: false,
    allowHosts: ["gpu.lan:8001"],
    egressAll: false,
    limits: { firstByteMs: 280_000, stallMs: 90_000, budget: DEFAULT_RETRY_BUDGET },
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
