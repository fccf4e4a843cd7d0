// What a program's own requests took and cost. With `stateDir` the figures are kept, and `stats` shows them too.
import { MetricsCollector, RealtimeTracker } from "oh-my-qwencoder";

const tracker = new RealtimeTracker({ capacity: 1000 });
const collector = new MetricsCollector({ prices: { openai: { input: 2, output: 8 } } });

for (const duration of [1200, 900, 1500]) {
  const request = { provider: "openai", agent: "explorer", duration, tokenCount: { input: 2000, output: 500 } };
  tracker.recordRouting(request);
  collector.recordRouting(request);
}

const { routingCounts, avgLatencies, totalCost } = collector.getMetrics("hour");
console.log(`${routingCounts.total} requests, ${avgLatencies.openai} ms each, $${totalCost.toFixed(3)}`);
console.log(`last: ${tracker.getRecentEvents(1)[0].duration} ms`);
tracker.close();
collector.close();
