import type { Part } from "@opencode-ai/sdk";
import { findKeyword, type Keyword } from "../../src/core/routing/keywords.ts";
import { asksForAutopilot } from "../../src/core/workflow/person.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { WorkerWatch } from "../../src/runtime/workerWatch.ts";
import { jobCommand } from "../chatJobs.ts";
import type { Composition } from "../compose.ts";
import type { SessionRoles } from "../sessionRoles.ts";
import { ourCommands, personCommand } from "./commands.ts";
import type { PersonVoice } from "./personVoice.ts";
import { TypedCommands } from "./typedCommands.ts";

type Composed = Extract<Composition, { ok: true }>;

interface Message {
  message: { id: string; agent: string };
  parts: Part[];
}

/** What a person types to the Commander, as a message or as a command of ours. */
export class PersonMessages {
  private readonly services: SwarmServices;
  private readonly roles: SessionRoles;
  private readonly voice: PersonVoice;
  private readonly watch: WorkerWatch;
  private readonly typed = new TypedCommands();
  /** Sessions whose next message was typed as /autopilot. */
  private readonly autopilots = new Set<string>();
  private names = ourCommands({});

  private readonly fusion: Composed["fusion"];
  private readonly handoffs: Composed["handoffs"];
  private readonly jobs: Composed["jobs"];

  constructor(
    services: SwarmServices,
    parts: { roles: SessionRoles; voice: PersonVoice; watch: WorkerWatch } & Pick<
      Composed,
      "fusion" | "handoffs" | "jobs"
    >,
  ) {
    this.jobs = parts.jobs;
    this.fusion = parts.fusion;
    this.handoffs = parts.handoffs;
    this.services = services;
    this.roles = parts.roles;
    this.voice = parts.voice;
    this.watch = parts.watch;
  }

  /** The person's own commands, which may carry names of ours. */
  configured(commands: Parameters<typeof ourCommands>[0]): void {
    this.names = ourCommands(commands);
  }

  /** A message to the Commander; others decide nothing. What the model has to know besides is added to `output`. */
  async heard(session: string, agent: string, output: Message): Promise<void> {
    const { services, roles, watch } = this;
    const ours = agent === services.agents.commander;
    if (!(await roles.isRoot(session))) return;
    const message = output.parts
      .flatMap((part) => (part.type === "text" && !part.synthetic ? [part.text] : []))
      .join("\n");
    const said = this.typed.wordsOf(session, message);
    if (said.trim() === "") return;
    // `opencode run` puts an argument with blanks in quotation marks before it sends it.
    const words = said.trim().replace(/^"([\s\S]*)"$/u, "$1");
    for (const text of await this.handoffs.spoke(session, words)) tell(output, session, text);
    if (!ours && !services.routing.matters) return;
    const keyword = findKeyword(this.autopilots.has(session) ? `/autopilot ${words}` : words);
    if (!ours) {
      // Each message is a task of its own here: nothing says when one ends but the next.
      if (services.routing.beginTask(keyword?.mode, session)) this.showMode(keyword);
      return;
    }
    // Nothing is begun that no tool could go on with; an open swarm still hears the person.
    if (!services.swarm.open && services.hostConfig.findings?.length !== 0) return;
    await watch.beforePerson();
    // A keyword holds for its task: the next one begins without it.
    if (keyword?.mode !== undefined || !services.swarm.open) {
      if (services.routing.beginTask(keyword?.mode)) this.showMode(keyword);
    }
    const asked = asksForAutopilot(words) || keyword?.autopilot === true;
    const autopilot = asked || this.autopilots.delete(session);
    const note = await this.voice.spoke(session, words, autopilot);
    if (note !== undefined) tell(output, session, note);
    await watch.personSpoke();
  }

  private showMode(keyword: Keyword | undefined): void {
    if (keyword?.mode !== undefined) this.show(`${keyword.word}: fusion mode "${keyword.mode}" for this task.`);
  }

  /** Not awaited: the host answers calls of ours, and the hook that says it holds a message up. */
  private show(text: string): void {
    const { services } = this;
    if (!services.settings.showKeywords) return;
    services.sessions.notice(text, "info").catch((lost: unknown) => services.log("no screen for a notice", lost));
  }

  /** A command is about to become a message: `parts` are what its template made of it. */
  async command(input: { command: string; arguments: string; sessionID: string }, parts: Part[]): Promise<void> {
    const { command, arguments: args, sessionID } = input;
    if (!this.names.has(command)) return this.typed.expect(sessionID, parts, `/${command} ${args}`.trim());
    await this.watch.beforePerson();
    const typed = { command, arguments: args, session: sessionID };
    const note = await personCommand(this.services, typed, {
      fusion: this.fusion,
      handoff: (...asked) => this.handoffs.command(...asked),
      job: (asked) => jobCommand(this.jobs, asked),
    });
    if (command === "autopilot") {
      this.autopilots.add(sessionID);
      return this.typed.expect(sessionID, parts, args);
    }
    // The keyword and its task, as if they had been typed as a message.
    if (command === "hulw" || command === "ulw") return this.typed.expect(sessionID, parts, `/${command} ${args}`);
    const [first] = parts;
    if (note !== undefined && first?.type === "text") first.text = `${note}\n${first.text}`;
    // The template's words are ours: they must not count as the person's answer to an open question.
    this.typed.expect(sessionID, parts, "");
  }
}

/** Adds what the model has to know to a message of the person's, as words that are not theirs. */
function tell(output: Message, sessionID: string, text: string): void {
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
