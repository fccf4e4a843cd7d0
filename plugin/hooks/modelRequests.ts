import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "@opencode-ai/plugin";
import { GateLog } from "../../src/adapters/log/gateLog.ts";
import type { RequestTurns } from "../../src/runtime/admission/inTurn.ts";
import type { GateEvent } from "../../src/runtime/modelGate/gateEvents.ts";
import { hostLimits, NO_HOST_LIMITS } from "../../src/runtime/modelGate/hostLimits.ts";
import { type EndsTurn, type GateSettings, ModelGate } from "../../src/runtime/modelGate/modelGate.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
interface LooseProvider {
  options?: Record<string, unknown>;
}

/** Puts the model gate in front of every configured provider, and knows which providers it stands in front of. */
export class ModelRequests {
  private readonly gated = new Set<string>();
  private readonly gate: ModelGate;
  private readonly probe: Fetch | undefined;
  private readonly heads: ((provider: string, get: (name: string) => string | null) => void) | undefined;

  /**
   * @param about.turns whose request may be sent when; without them all go at once
   * @param about.endsTurn says which requests of the swarm are not sent, and what stands in the answer's place
   * @param about.heads gets the headers of every answer that comes, refusals too; must not throw
   * @param about.probe stands in place of what sends, for every provider; such a process leaves no trace in the project
   */
  constructor(
    settings: GateSettings,
    roleOf: (session: string) => Promise<string>,
    services: Pick<SwarmServices, "projectDir" | "log">,
    seen: (event: GateEvent) => void,
    about: {
      turns?: RequestTurns | undefined;
      endsTurn?: EndsTurn | undefined;
      probe?: Fetch | undefined;
      heads?: ((provider: string, get: (name: string) => string | null) => void) | undefined;
    } = {},
  ) {
    const { probe, turns, endsTurn } = about;
    this.probe = probe;
    this.heads = about.heads;
    const log = new GateLog(path.join(services.projectDir, ".aegis"));
    this.gate = new ModelGate(
      settings,
      { now: () => Date.now(), random: () => Math.random(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) },
      roleOf,
      (event) => {
        if (!probe) note(log, services, event);
        seen(event);
      },
      turns,
      endsTurn,
    );
  }

  /**
   * Wraps the `fetch` of every provider in the host's configuration. The objects are replaced, never changed: the host
   * shares them between the projects of one process, and a project's request would pass every other project's gate.
   */
  standBefore(config: Config): void {
    const target = config as { provider?: Record<string, LooseProvider> };
    const providers = Object.entries(target.provider ?? {}).map(([id, provider]): [string, LooseProvider] => {
      const options = provider.options ?? {};
      const inner = typeof options.fetch === "function" ? (options.fetch as Fetch) : fetch;
      this.gated.add(id);
      const gated = this.gate.fetchFor(id, this.probe ?? this.heard(id, inner), hostLimits(options));
      return [id, { ...provider, options: { ...options, ...NO_HOST_LIMITS, fetch: gated } }];
    });
    target.provider = Object.fromEntries(providers);
  }

  /** `inner`, with what its answers' headers say told. The answers themselves are left alone. */
  private heard(provider: string, inner: Fetch): Fetch {
    const { heads } = this;
    if (!heads) return inner;
    return async (input, init) => {
      const response = await inner(input, init);
      heads(provider, (name) => response.headers.get(name));
      return response;
    };
  }

  /** Whether requests to `provider` pass the gate. Providers that the host loads by itself do not. */
  stands(provider: string): boolean {
    return this.gated.has(provider);
  }
}

/** To `.aegis/gate.jsonl`: what was asked and how it was answered, mended, retried or refused, and why. */
function note(log: GateLog, services: Pick<SwarmServices, "log">, event: GateEvent): void {
  if (event.role === "none" && !log.begun) return;
  if (event.type === "repaired") {
    const { counts, refused, runaway } = event.report;
    if (Object.keys(counts).length === 0 && refused.length === 0 && !runaway && event.history === 0) return;
  }
  try {
    log.append(new Date(), event);
  } catch (error) {
    services.log("the gate's log cannot be written", error);
  }
}

/** Where another provider can take over, a failed request is tried once more and no oftener. */
export function beforeNext(limits: GateSettings["limits"]): GateSettings["limits"] {
  return { ...limits, budget: { ...limits.budget, retries: Math.min(1, limits.budget.retries) } };
}
