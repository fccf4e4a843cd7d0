import { egress } from "../../core/gate/egress.ts";
import type { LimitWindow } from "../../core/routing/limits/window.ts";
import { askEndpoint, LIMIT_ENDPOINTS } from "./limitEndpoints.ts";

/**
 * Asks every usage endpoint whose credential the environment holds and whose host is on the model gate's allow-list.
 *
 * @param about.allowHosts `security.allowHosts`: what no model request may reach is not asked either
 * @param about.refused gets one line for each endpoint that gave nothing
 */
export async function askUsageEndpoints(about: {
  env: Readonly<Record<string, string | undefined>>;
  allowHosts: readonly string[];
  refused(reason: string): void;
}): Promise<LimitWindow[]> {
  const now = Date.now();
  const readings = await Promise.all(
    LIMIT_ENDPOINTS.map(async (endpoint) => {
      const credential = about.env[endpoint.variable];
      if (!credential || egress(endpoint.url, about.allowHosts).kind !== "allowed") return [];
      const reading = await askEndpoint(endpoint, credential, now);
      if (reading.ok) return reading.windows;
      about.refused(`${endpoint.provider}: ${reading.reason}`);
      return [];
    }),
  );
  return readings.flat();
}
