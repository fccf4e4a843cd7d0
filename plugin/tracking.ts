import { homedir } from "node:os";
import path from "node:path";
import { UsageLog } from "../src/adapters/tracking/usageLog.ts";
import { writeLive } from "../src/adapters/view/liveFile.ts";
import { policySettings } from "../src/config/policySettings.ts";
import type { Config } from "../src/config/schema.ts";
import { stateHome } from "../src/config/stateHome.ts";
import { makePolicy } from "../src/core/routing/policy.ts";
import type { UsageRow } from "../src/core/tracking/usageRow.ts";
import type { Reading } from "../src/core/view/gauges.ts";
import { LivePublisher } from "../src/runtime/livePublisher.ts";
import type { SwarmServices } from "../src/runtime/services.ts";

/** What the process tells those that watch. */
export interface Tracking {
  publisher: LivePublisher;
  /** Keeps one answer's figures. Never throws. */
  record(row: UsageRow): void;
  /** The registry's id for the host's name of a provider. */
  providerOf(hostProvider: string): string;
  /** The metrics of a server in use. */
  sees(baseUrl: string, reading: Reading): void;
}

/** Puts the tracking of one project together. Starts nothing. */
export function trackingOf(services: SwarmServices, config: Config): Tracking {
  const policy = makePolicy(policySettings(config));
  const names = new Map([...policy.providers.values()].map(({ id, hostProvider }) => [hostProvider, id]));
  const log = new UsageLog(stateHome(process.env, homedir()));
  const stateDir = path.join(services.projectDir, ".aegis");
  const publisher = new LivePublisher(services, policy.primary, (live) => writeLive(stateDir, live));
  return {
    publisher,
    record: (row) => {
      try {
        log.append(row);
      } catch (error) {
        services.log("a request's figures cannot be kept", error);
      }
    },
    providerOf: (host) => names.get(host) ?? host,
    sees: (baseUrl, reading) => publisher.sees(baseUrl, reading),
  };
}
