import type { KnownAgent } from "./policy.ts";
import { placeOf } from "./share.ts";
import type { Tier } from "./specialists.ts";
import type { FusionMode, Reason } from "./verdict.ts";

/** What a mode looks at beside the agent. */
export interface ModeFacts {
  /** The primary's utilisation, undefined where unknown. */
  percent: number | undefined;
  /** Share of the work that `auto` sends away now. */
  share: number;
  session: string;
  /** Percent at which the hybrid zone begins. */
  from: number;
  /** Whether the configuration sends the agent's tier anywhere. */
  mapped: boolean;
}

const WORDS: Readonly<Record<Tier, string>> = {
  high: "HIGH by tier",
  medium: "MEDIUM by tier",
  low: "LOW by tier",
};

/** What a mode wants for an agent; undefined where it says nothing about it. */
export function modeWish(
  mode: Exclude<FusionMode, "off">,
  agent: KnownAgent,
  { percent, share, session, from, mapped }: ModeFacts,
): (Reason & { away: boolean }) | undefined {
  const { tier, name } = agent;
  const stays = `${WORDS[tier]}: stays on the primary`;
  if (mode === "always") {
    if (name === "planner") return undefined;
    return { code: "fusion-always", detail: mapped ? WORDS[tier] : stays, away: mapped };
  }
  if (mode === "save-tokens") {
    if (tier === "high") return undefined;
    return { code: "save-tokens", detail: mapped ? WORDS[tier] : stays, away: mapped };
  }
  if (percent === undefined) return { code: "fusion-auto", detail: "usage unknown: the primary", away: false };
  if (percent < from) return { code: "fusion-auto", detail: `usage ${percent} % is below ${from} %`, away: false };
  if (!mapped || tier === "high") return { code: "fusion-auto", detail: stays, away: false };
  const place = placeOf(name, session);
  const detail = `usage ${percent} %: a share of ${share.toFixed(3)} leaves, this session's place is ${place.toFixed(3)}`;
  return { code: "fusion-auto", detail, away: place < share };
}
