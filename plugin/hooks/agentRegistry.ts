import type { Config } from "@opencode-ai/plugin";
import type { SwarmServices } from "../../src/runtime/services.ts";

/** A tool call that outlives its instance ends within this time (ms); one that ends later would freeze the next registry too. */
const LATE_CALLS_MS = 1_000;

/**
 * OpenCode reads its agents once an instance, and sometimes before its plugins had their say: a tool call that outlives the
 * instance before this one asks for them (seen with 1.18; opencode#30955, #25438). Our roles are then unknown for as long as
 * the instance lives, and every prompt of ours starts nothing.
 */
export class AgentRegistry {
  private readonly services: Pick<SwarmServices, "sessions" | "agents" | "sleep" | "log">;
  private tell: (config: Config) => void = () => undefined;
  private readonly told: Promise<Config>;

  constructor(services: Pick<SwarmServices, "sessions" | "agents" | "sleep" | "log">) {
    this.services = services;
    this.told = new Promise((resolve) => {
      this.tell = resolve;
    });
  }

  /** The host handed its configuration over and our roles are in it. */
  configured(config: Config): void {
    this.tell(config);
  }

  /**
   * Asks the host for another instance where it does not know the roles that its configuration has. Waits for the
   * configuration first.
   * @returns whether this instance has a future.
   */
  async complete(): Promise<boolean> {
    const { agent = {} } = await this.told;
    const { sessions, agents, sleep, log } = this.services;
    const known = await sessions.agents().catch((error: unknown) => log("the host's agents cannot be listed", error));
    // Another plugin, or the person, may have taken a role away on purpose: a new instance would not bring it back.
    const ours = Object.values(agents).filter((name) => agent[name] !== undefined && agent[name].disable !== true);
    if (!known || ours.every((name) => known.includes(name))) return true;
    log(`OpenCode read its agents before the plugins (it knows ${known.join(", ")}): the instance is made anew`);
    await sleep(LATE_CALLS_MS);
    await sessions.reload();
    return false;
  }
}
