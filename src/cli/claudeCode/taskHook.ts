import { policySettings } from "../../config/policySettings.ts";
import type { HookAnswer, HookInput } from "../../core/claude/hookInput.ts";
import { typedLine } from "../../core/context/handoffTool.ts";
import { makePolicy } from "../../core/routing/policy.ts";
import { policyDesk } from "../../policyDesk.ts";
import type { PolicyAnswer } from "../../ports/policyDesk.ts";
import { ExternalBlocked, NobodyLeft, UnknownAgent } from "../../runtime/routing/routingErrors.ts";
import { homeOf, soundConfig } from "../config/load.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { routingState, withState } from "../routing/load.ts";

/**
 * A subagent is about to start in Claude Code: the policy is asked, and work that it gives to somebody else is refused here,
 * with the command line that starts it there. Where Claude Code is not whose limits are spared and no mode is on, nothing is
 * said.
 */
export async function taskHook(
  io: Io,
  { session_id: session, cwd, tool_input: input }: HookInput,
): Promise<HookAnswer> {
  const agent = input.subagent_type ?? "";
  if (agent === "") return {};
  const { config } = await soundConfig({ ...io, cwd });
  const { mode } = await withState(io, () => routingState(io).fusion());
  const concerned = makePolicy(policySettings(config)).primary === "claude" || (mode ?? "off") !== "off";
  if (!concerned) return {};
  const desk = policyDesk(config, { env: io.env, home: homeOf(io), log: () => undefined });
  let verdict: PolicyAnswer;
  try {
    verdict = await desk.ask({ kind: "subagent", agent, session, task: input.prompt });
  } catch (error) {
    // Its own agents (general-purpose, Explore, …) are nobody the policy knows.
    if (error instanceof UnknownAgent || error instanceof ExternalBlocked || error instanceof NobodyLeft) return {};
    throw error;
  }
  const { provider, model, reason } = verdict;
  const told = { agent, provider, model, reason: `${reason.code}: ${reason.detail}` };
  if (provider === "claude") return { context: say("en", "claude.task.stays", told) };
  const start = typedLine([
    ...["oh-my-qwencoder", "job", "start", "--claude-session", session],
    ...["--agent", agent, "--", input.prompt ?? ""],
  ]);
  return { denied: say("en", "claude.task.goes", { ...told, start }) };
}
