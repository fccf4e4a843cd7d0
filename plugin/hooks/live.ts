import type { Hooks } from "@opencode-ai/plugin";
import type { Part } from "@opencode-ai/sdk";
import { UNATTENDED } from "../../src/core/unattended.ts";
import { renderRefusal } from "../../src/core/workflow/refusal.ts";
import { workerOfSession } from "../../src/core/workflow/state.ts";
import { messageOf } from "../../src/ports/thrown.ts";
import type { GpuTurns } from "../../src/runtime/admission/gpuTurns.ts";
import type { GateEvent } from "../../src/runtime/modelGate/gateEvents.ts";
import { probeFetch, probeNonce } from "../../src/runtime/modelGate/probe.ts";
import type { Composition } from "../compose.ts";
import { installedHosts } from "../installedHosts.ts";
import type { PluginOptions } from "../options.ts";
import { SessionRoles } from "../sessionRoles.ts";
import { specialistsOf } from "../specialists.ts";
import { registeredTools } from "../tools/registered.ts";
import { AgentRegistry } from "./agentRegistry.ts";
import { CallLog } from "./callLog.ts";
import { Compaction } from "./compaction.ts";
import { applyConfig } from "./config.ts";
import { onEvent } from "./events.ts";
import { ungated } from "./gateRefusals.ts";
import { takeHostConfig } from "./hostConfig.ts";
import { beforeNext, ModelRequests } from "./modelRequests.ts";
import { OpenedSwarm } from "./openedSwarm.ts";
import { PersonMessages } from "./personMessages.ts";
import { PersonVoice } from "./personVoice.ts";
import { bypassProxy } from "./proxyBypass.ts";
import { routeTurn } from "./routeTurn.ts";
import { SessionJudge } from "./sessionJudge.ts";
import { SessionPlaces } from "./sessionPlace.ts";
import { ShellCalls } from "./shellCalls.ts";
import { withoutDay } from "./stablePrompt.ts";
import { swarmTurns } from "./swarmTurns.ts";
import { ToolCalls } from "./toolCalls.ts";
import { ToolEffects } from "./toolEffects.ts";
import { addTokens, UsageRecorder } from "./usage.ts";

/**
 * The hooks of a project where the swarm can work. Sessions that are not the swarm's pass through untouched.
 * @param directory the directory the host was opened in: it resolves relative names there.
 */
export function liveHooks(
  { services, watch, inbox, gate, tracking, fusion, handoffs, jobs, offersJobs }: Extract<Composition, { ok: true }>,
  options: PluginOptions,
  directory: string,
): Hooks {
  const roles = new SessionRoles(services);
  const voice = new PersonVoice(services);
  const shells = new ShellCalls(services);
  const effects = new ToolEffects(services, shells);
  const places = new SessionPlaces(services, roles, directory);
  const person = new PersonMessages(services, { roles, voice, watch, fusion, handoffs, jobs });
  let requests: ModelRequests | undefined;
  let turns: GpuTurns | undefined;
  const userShell: { path?: string | undefined } = {};
  const usage = new UsageRecorder(tracking.record, tracking.providerOf);
  // A process that only looks (doctor) takes up no swarm and carries out no orders.
  const looksOnly = process.env.AEGIS_LOOK_ONLY === "1";
  let ourSpecialists: ReadonlySet<string> = NOBODY;
  const nonce = probeNonce(process.env);
  const registry = new AgentRegistry(services);
  if (!looksOnly) void tracking.publisher.start();
  const unattended = process.env[UNATTENDED] === "1";
  // What runs one prompt and ends wakes no other chat.
  if (!looksOnly && !unattended && process.argv[2] !== "run")
    jobs.takeUp().catch((error: unknown) => services.log("chats that wait for jobs were not looked at", error));
  const opened = new OpenedSwarm(services, async () => {
    const acts = services.swarm.open || services.swarm.state?.report !== undefined;
    if (looksOnly || (acts && !(await registry.complete()))) return;
    await watch.takeUp().finally(() => inbox.start());
  });
  // In the operator's log; whoever needs the swarm reads it again and says so.
  opened.ready().catch(() => undefined);

  const sessions = new SessionJudge(services, roles, opened);
  const actorOf = (session: string) => sessions.actor(session);
  const toolCalls = new ToolCalls(services, { watch, sessions, places, effects, voice });
  const compaction = new Compaction(services, actorOf);
  const calls = new CallLog(services, async (session) => (looksOnly ? "none" : (await sessions.own(session)).role));

  const hear = async (
    input: { sessionID: string; agent?: string },
    output: { message: { id: string; agent: string }; parts: Part[] },
  ) => {
    await opened.ready();
    const agent = input.agent ?? output.message.agent;
    roles.speaks(input.sessionID, agent);
    if (!looksOnly) await person.heard(input.sessionID, agent, output);
  };

  /** A failure that somebody else can make good is one the session is taken up after, whatever its kind. */
  const routed = (event: GateEvent): GateEvent =>
    event.type === "failed" && services.routing.failed(event) ? { ...event, retryable: true } : event;

  return {
    config: async (config) => {
      const named = await installedHosts(services.projectDir, services.git).catch((error: unknown) => {
        services.log("the install's record cannot be read", error);
        return [];
      });
      const allowHosts = [...gate.allowHosts, ...named];
      bypassProxy(process.env, allowHosts);
      turns?.close();
      const probe = nonce === undefined ? undefined : probeFetch(nonce);
      turns = gate.admission && !probe ? swarmTurns(services, gate.admission, named, tracking.sees) : undefined;
      requests = new ModelRequests(
        { ...gate, allowHosts, limits: services.routing.matters ? beforeNext(gate.limits) : gate.limits },
        async (session) => (session === "" ? "none" : (await actorOf(session)).role),
        services,
        (event) => {
          usage.request(event);
          if (event.type === "answered") services.routing.answered(event.provider, event.totalMs);
          watch.requests.see(routed(event));
        },
        {
          turns,
          probe,
          endsTurn: toolCalls.reported.endsTurn,
          heads: services.routing.matters ? services.routing.heardHeaders.bind(services.routing) : undefined,
        },
      );
      requests.standBefore(config);
      userShell.path = (config as { shell?: string }).shell;
      person.configured(config.command ?? {});
      applyConfig(config, {
        agents: services.agents,
        model: options.model,
        specialists: options.specialists,
        jobs: offersJobs,
        unattended,
        mcp: services.settings.allowedMcp,
      });
      await takeHostConfig(config, services, gate, allowHosts, directory).catch((error: unknown) => {
        services.hostConfig.findings = undefined;
        services.log("the host's configuration cannot be judged", error);
      });
      registry.configured(config);
      ourSpecialists = options.specialists ? specialistsOf(config.agent) : NOBODY;
    },

    event: async ({ event }) => {
      await onEvent(event, {
        services,
        roles,
        voice,
        onCall: (call) => calls.seen(call),
        onCallEnded: (session, call, tool, error) => toolCalls.ended(session, call, tool, error),
        onIdle: (session) => {
          toolCalls.idle(session);
          turns?.ended(session);
        },
        onSessionDeleted: (session) => {
          toolCalls.idle(session);
          turns?.forget(session);
          services.routing.forget(session);
          usage.forget(session);
          watch.sessionDeleted(session);
        },
        onTodos: async (session, todos) => {
          if (await roles.isRoot(session)) handoffs.listed(session, todos);
        },
        onTokens: (session, tokens) => {
          turns?.counted(session, tokens.input);
        },
        onAnswered: (message) => {
          services.routing.used(message);
          if (looksOnly || !usage.message(message)) return;
          services.sessions.counted(message.session, message.tokens);
          const state = services.swarm.state;
          const worker = state && workerOfSession(state, message.session);
          if (worker) addTokens(services.live, worker.assignment.id, message.tokens);
        },
      }).catch((error: unknown) => services.log(`event ${event.type}`, error));
    },

    "chat.message": async (input, output) => {
      // A throw here would lose the person's message; without a record the gates simply stay shut.
      await hear(input, output).catch((error: unknown) => {
        services.log("a message could not be recorded", error);
        // Not awaited: the host answers calls of ours, and this hook holds the message up.
        services.sessions
          .notice(`Your message was not recorded. ${messageOf(error)}`, "warning")
          .catch((lost: unknown) => services.log("no screen for a notice", lost));
      });
      // Not caught: a turn that a rule stops must not go to another model instead.
      await routeTurn(services, input.sessionID, output, {
        stands: (provider) => requests?.stands(provider) === true,
        rootOf: (session) => roles.rootOf(session),
        specialists: ourSpecialists,
      });
    },

    "command.execute.before": async (input, output) => {
      await opened.ready();
      await person.command(input, output.parts);
    },

    "chat.params": async (input) => {
      const provider = input.model.providerID;
      if (requests?.stands(provider)) return;
      const actor = await actorOf(input.sessionID);
      if (actor.role === "none" && !gate.egressAll) return;
      throw new Error(renderRefusal(ungated(provider)));
    },

    "experimental.chat.system.transform": async (input, output) => {
      if (input.sessionID === undefined) return;
      const actor = await actorOf(input.sessionID);
      if (actor.role !== "none") output.system.splice(0, output.system.length, ...withoutDay(output.system));
    },

    "tool.execute.before": async (input, output) => {
      if (!looksOnly) void handoffs.touched(() => roles.rootOf(input.sessionID), input.tool, output.args);
      await toolCalls.before(input, output);
    },

    "tool.execute.after": (input, output) => toolCalls.after(input, output),

    "shell.env": async (input, output) => {
      const actor = input.sessionID === undefined ? undefined : await actorOf(input.sessionID);
      if (!actor || actor.role === "none") {
        const shell = userShell.path ?? process.env.SHELL;
        if (shell !== undefined) output.env.AEGIS_USER_SHELL = shell;
        return;
      }
      const cwd = await places.seenAt(input.sessionID ?? "", actor, input.cwd);
      const [env] = await Promise.all([shells.prepare(actor, input.callID, cwd), effects.seenBefore(input.callID)]);
      Object.assign(output.env, env);
    },

    "experimental.session.compacting": (input, output) => compaction.inform(input.sessionID, output.context),
    "experimental.chat.messages.transform": (_input, output) => compaction.restore(output.messages),

    dispose: async () => {
      turns?.close();
      handoffs.flush();
      // Not awaited: a webhook may still be tried.
      jobs.close().catch((error: unknown) => services.log("the jobs were not closed", error));
      tracking.publisher.stop();
      watch.instanceEnds();
      inbox.close();
      await services.swarm.settled();
      await services.lease.retire();
      await services.sandbox.dispose();
    },

    tool: registeredTools(services, jobs, () => opened.ready()),
  };
}

const NOBODY: ReadonlySet<string> = new Set();
