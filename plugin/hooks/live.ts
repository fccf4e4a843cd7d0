import type { Hooks } from "@opencode-ai/plugin";
import type { Part } from "@opencode-ai/sdk";
import { missingStep } from "../../src/core/workflow/decide/continuation.ts";
import { asksForAutopilot } from "../../src/core/workflow/person.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { workerOfSession } from "../../src/core/workflow/state.ts";
import { messageOf } from "../../src/ports/thrown.ts";
import type { GpuTurns } from "../../src/runtime/admission/gpuTurns.ts";
import { stateUnusable } from "../../src/runtime/holdLease.ts";
import { Loops } from "../../src/runtime/loops.ts";
import { probeFetch, probeNonce } from "../../src/runtime/modelGate/probe.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { Composition } from "../compose.ts";
import { installedHosts } from "../installedHosts.ts";
import type { PluginOptions } from "../options.ts";
import type { SessionActor } from "../sessionRoles.ts";
import { SessionRoles } from "../sessionRoles.ts";
import { swarmTools } from "../tools/all.ts";
import { callTool } from "../tools/tool.ts";
import { AgentRegistry } from "./agentRegistry.ts";
import { ourCommands, personCommand } from "./commands.ts";
import { applyConfig } from "./config.ts";
import { onEvent } from "./events.ts";
import { FileTurns } from "./fileTurns.ts";
import { takeHostConfig } from "./hostConfig.ts";
import { kernelRefusal } from "./kernelRefusal.ts";
import { ModelRequests } from "./modelRequests.ts";
import { OpenedSwarm } from "./openedSwarm.ts";
import { PersonVoice } from "./personVoice.ts";
import { bypassProxy } from "./proxyBypass.ts";
import { SessionPlaces } from "./sessionPlace.ts";
import { ShellCalls } from "./shellCalls.ts";
import { withoutDay } from "./stablePrompt.ts";
import { swarmTurns } from "./swarmTurns.ts";
import { ToolEffects } from "./toolEffects.ts";
import { judgeToolCall } from "./toolGate.ts";
import { TypedCommands } from "./typedCommands.ts";

/**
 * The hooks of a project where the swarm can work. Sessions that are not the swarm's pass through untouched.
 * @param directory the directory the host was opened in: it resolves relative names there.
 */
export function liveHooks(
  { services, watch, inbox, gate }: Extract<Composition, { ok: true }>,
  options: PluginOptions,
  directory: string,
): Hooks {
  const roles = new SessionRoles(services);
  const voice = new PersonVoice(services);
  const shells = new ShellCalls(services);
  const effects = new ToolEffects(services, shells);
  const places = new SessionPlaces(services, roles, directory);
  const fileTurns = new FileTurns();
  const typedCommands = new TypedCommands();
  const commandsOfOurs = { names: ourCommands({}) };
  const loops = new Loops(services.settings.loopLimit);
  /** Sessions whose next message was typed as /autopilot. */
  const autopilots = new Set<string>();
  let requests: ModelRequests | undefined;
  let turns: GpuTurns | undefined;
  const userShell: { path?: string | undefined } = {};
  // A process that only looks (doctor) takes up no swarm and carries out no orders.
  const looksOnly = process.env.AEGIS_LOOK_ONLY === "1";
  const nonce = probeNonce(process.env);
  const registry = new AgentRegistry(services);
  const opened = new OpenedSwarm(services, async () => {
    if (looksOnly || (services.swarm.open && !(await registry.complete()))) return;
    await watch.takeUp().finally(() => inbox.start());
  });
  // In the operator's log; whoever needs the swarm reads it again and says so.
  opened.ready().catch(() => undefined);

  const actorOf = async (session: string): Promise<SessionActor> => {
    // A log that cannot be read opens no gate: without a state every one of them refuses. It is in the operator's log.
    await opened.ready().catch(() => undefined);
    return roles.actor(session);
  };

  const judge = async (
    actor: Exclude<SessionActor, { role: "none" }>,
    session: string,
    tool: string,
    args: unknown,
  ) => {
    await places.redirect(session, actor, tool, args);
    return judgeToolCall(services, actor, { session, place: await places.placeOf(session, actor), tool, args });
  };

  /** The same failure again and again, whatever else changes: said in the turn that runs, then the session is given up. */
  const refusedAgain = async (session: string, call: string, tool: string, error: string) => {
    const { role } = await actorOf(session);
    if (role === "none" || role === "replaced") return;
    const verdict = loops.failed(session, call, tool, error);
    if (verdict === "give-up") {
      loops.forget(session);
      return watch.giveUp(session, `its ${tool} calls failed in the same way again and again`);
    }
    if (verdict === "pass") return;
    const text = `Your ${tool} calls failed ${services.settings.loopLimit} times in the same way. Read the last error, then do something else, or report what stands in the way.`;
    await services.sessions.prompt(session, { agent: services.agents[role], text });
  };

  const hear = async (
    input: { sessionID: string; agent?: string },
    output: { message: { id: string; agent: string }; parts: Part[] },
  ) => {
    await opened.ready();
    const agent = input.agent ?? output.message.agent;
    roles.speaks(input.sessionID, agent);
    if (looksOnly) return;
    if (agent !== services.agents.commander || !(await roles.isRoot(input.sessionID))) return;
    const message = output.parts
      .flatMap((part) => (part.type === "text" && !part.synthetic ? [part.text] : []))
      .join("\n");
    const said = typedCommands.wordsOf(input.sessionID, message);
    if (said.trim() === "") return;
    // `opencode run` puts an argument with blanks in quotation marks before it sends it.
    const words = said.trim().replace(/^"([\s\S]*)"$/u, "$1");
    // Nothing is begun that no tool could go on with; an open swarm still hears the person.
    if (!services.swarm.open && services.hostConfig.findings?.length !== 0) return;
    await watch.beforePerson();
    const autopilot = asksForAutopilot(words) || autopilots.delete(input.sessionID);
    const note = await voice.spoke(input.sessionID, words, autopilot);
    if (note !== undefined) tell(output, input.sessionID, note);
    await watch.personSpoke();
  };

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
      turns = gate.admission && !probe ? swarmTurns(services, gate.admission, named) : undefined;
      requests = new ModelRequests(
        { ...gate, allowHosts },
        async (session) => (session === "" ? "none" : (await judged(services, roles, actorOf, session)).role),
        services,
        (event) => watch.requests.see(event),
        { turns, probe },
      );
      requests.standBefore(config);
      userShell.path = (config as { shell?: string }).shell;
      commandsOfOurs.names = ourCommands(config.command ?? {});
      applyConfig(config, { agents: services.agents, model: options.model, mcp: services.settings.allowedMcp });
      await takeHostConfig(config, services, gate, allowHosts, directory).catch((error: unknown) => {
        services.hostConfig.findings = undefined;
        services.log("the host's configuration cannot be judged", error);
      });
      registry.configured(config);
    },

    event: async ({ event }) => {
      await onEvent(event, {
        services,
        roles,
        voice,
        onCallEnded: async (session, call, tool, error) => {
          fileTurns.leave(session, call);
          if (error === undefined) return loops.worked(session);
          await effects.failed(call);
          await refusedAgain(session, call, tool, error);
        },
        onIdle: (session) => {
          fileTurns.clear(session);
          turns?.ended(session);
        },
        onSessionDeleted: (session) => {
          turns?.forget(session);
          watch.sessionDeleted(session);
        },
        onTokens: (session, tokens) => {
          turns?.counted(session, tokens.input);
          const state = services.swarm.state;
          const worker = state && workerOfSession(state, session);
          if (worker) services.live.set(worker.assignment.id, { ...services.live.get(worker.assignment.id), tokens });
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
    },

    "command.execute.before": async (input, output) => {
      await opened.ready();
      const typed = `/${input.command} ${input.arguments}`.trim();
      if (!commandsOfOurs.names.has(input.command)) return typedCommands.expect(input.sessionID, output.parts, typed);
      await watch.beforePerson();
      const note = await personCommand(services, {
        command: input.command,
        arguments: input.arguments,
        session: input.sessionID,
      });
      if (input.command === "autopilot") {
        autopilots.add(input.sessionID);
        return typedCommands.expect(input.sessionID, output.parts, input.arguments);
      }
      const [first] = output.parts;
      if (note !== undefined && first?.type === "text") first.text = `${note}\n${first.text}`;
      // The template's words are ours: they must not count as the person's answer to an open question.
      typedCommands.expect(input.sessionID, output.parts, "");
    },

    "chat.params": async (input) => {
      const provider = input.model.providerID;
      if (requests?.stands(provider)) return;
      const actor = await judged(services, roles, actorOf, input.sessionID);
      if (actor.role === "none" && !gate.egressAll) return;
      throw new Error(renderRefusal(ungated(provider)));
    },

    "experimental.chat.system.transform": async (input, output) => {
      if (input.sessionID === undefined) return;
      const actor = await judged(services, roles, actorOf, input.sessionID);
      if (actor.role !== "none") output.system.splice(0, output.system.length, ...withoutDay(output.system));
    },

    "tool.execute.before": async (input, output) => {
      const actor = await judged(services, roles, actorOf, input.sessionID);
      if (actor.role === "none") return;
      // Before the gates: a model that repeats a refused call is in a loop like any other.
      const repeated = loops.see(input.sessionID, input.tool, output.args);
      if (repeated === "give-up") {
        loops.forget(input.sessionID);
        await watch.giveUp(input.sessionID, `it made the same ${input.tool} call again and again`);
      }
      if (repeated !== "pass") throw new Error(renderRefusal(sameAgain(input.tool)));
      await fileTurns.enter(input.sessionID, input.callID, input.tool);
      const refused = await judge(actor, input.sessionID, input.tool, output.args).catch(failedGate);
      if (refused) {
        fileTurns.leave(input.sessionID, input.callID);
        throw new Error(renderRefusal(refused));
      }
      if (actor.role === "replaced") return;
      if (actor.role === "commander" && input.tool === "question") voice.asking(input.callID, output.args);
      await effects.starting(actor, input.tool, input.callID, output.args);
    },

    "tool.execute.after": async (input, output) => {
      const actor = await judged(services, roles, actorOf, input.sessionID);
      if (actor.role === "none" || actor.role === "replaced") return;
      const place = await places.placeOf(input.sessionID, actor);
      const note = await effects
        .ended(actor, input.tool, input.callID, input.args, output.metadata, place)
        .finally(() => fileTurns.leave(input.sessionID, input.callID));
      output.output = await places.shownTo(input.sessionID, actor, output.output);
      const refusedByKernel =
        input.tool === "bash" ? kernelRefusal(actor, output.output, services.settings.network) : undefined;
      const cut = await watch.requests.toTell(input.sessionID);
      const notes = [note, refusedByKernel, cut].filter((each) => each !== undefined);
      if (notes.length > 0) output.output = [output.output, ...notes].join("\n");
    },

    "shell.env": async (input, output) => {
      const actor = input.sessionID === undefined ? undefined : await judged(services, roles, actorOf, input.sessionID);
      if (!actor || actor.role === "none") {
        const shell = userShell.path ?? process.env.SHELL;
        if (shell !== undefined) output.env.AEGIS_USER_SHELL = shell;
        return;
      }
      const cwd = await places.seenAt(input.sessionID ?? "", actor, input.cwd);
      const [env] = await Promise.all([shells.prepare(actor, input.callID, cwd), effects.seenBefore(input.callID)]);
      Object.assign(output.env, env);
    },

    "experimental.session.compacting": async (input, output) => {
      const state = services.swarm.state;
      if (!state || state.session !== input.sessionID) return;
      output.context.push(`The swarm ${state.id} is in phase ${state.phase}. Next step: ${missingStep(state)}`);
    },

    dispose: async () => {
      turns?.close();
      watch.instanceEnds();
      inbox.close();
      await services.swarm.settled();
      await services.lease.retire();
      await services.sandbox.dispose();
    },

    tool: Object.fromEntries(
      swarmTools.map((tool) => [
        tool.name,
        {
          description: tool.description,
          // The host reads only the schema's shape; it brings another copy of zod, whose types differ from ours.
          args: tool.args as never,
          execute: async (args: unknown, context) => {
            const unreadable = await opened.ready().then(() => undefined, stateUnusable);
            if (unreadable) return renderRefusal(unreadable);
            return callTool(tool, services, args, {
              session: context.sessionID,
              signal: context.abort,
              title: (title) => context.metadata({ title }),
            });
          },
        },
      ]),
    ),
  };
}

/** Adds what the model has to know to a message of the person's, as words that are not theirs. */
function tell(output: { message: { id: string }; parts: Part[] }, sessionID: string, text: string): void {
  const last = output.parts.at(-1);
  // The host orders a message's parts by their ids.
  if (last)
    output.parts.push({
      id: `${last.id}z`,
      sessionID,
      messageID: output.message.id,
      type: "text",
      text,
      synthetic: true,
    });
}

/**
 * Who acts in a session. Where that cannot be told while a swarm is open, the session is treated as one that may do
 * nothing: a gate that errs refuses.
 */
async function judged(
  services: SwarmServices,
  roles: SessionRoles,
  actorOf: (session: string) => Promise<SessionActor>,
  session: string,
): Promise<SessionActor> {
  try {
    const actor = await actorOf(session);
    if (actor.role !== "none" || !services.swarm.open) return actor;
    // A child of a swarm session that runs an agent of another name is still bound by the rules.
    return (await roles.isBelowSwarm(session)) && !(await roles.isRoot(session)) ? { role: "scout" } : actor;
  } catch (error) {
    services.log(`role of session ${session}`, error);
    return services.swarm.open ? { role: "replaced" } : { role: "none" };
  }
}

function failedGate(error: unknown) {
  return refusal(
    "gate-failed",
    `a gate could not judge this call, so it refuses: ${messageOf(error)}`,
    "try another way that is allowed, or tell the person.",
  );
}

function ungated(provider: string) {
  return refusal(
    "provider-ungated",
    `the provider "${provider}" is not in the configuration, so its requests do not pass the model gate.`,
    "the person chooses a configured provider's model for the swarm, or adds this provider to opencode.json.",
  );
}

function sameAgain(tool: string) {
  return refusal(
    "repeated-call",
    `the same ${tool} call was made again and again with the same result.`,
    "do something else: read the last result, change the arguments, or report what stands in the way.",
  );
}
