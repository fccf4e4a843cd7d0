import { lstat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { isFinding } from "../../src/core/findings.ts";
import { mayCall, WRITE_TOOLS } from "../../src/core/roles.ts";
import { isSecretFile } from "../../src/core/scope/secretFiles.ts";
import { findGitWrites } from "../../src/core/shell/findGitWrites.ts";
import { needSwarm } from "../../src/core/workflow/gates.ts";
import type { Refusal } from "../../src/core/workflow/refusal.ts";
import { refusal } from "../../src/core/workflow/refusal.ts";
import { isRunning } from "../../src/core/workflow/state.ts";
import { judgeWrite } from "../../src/core/workflow/writeGate.ts";
import { needLease } from "../../src/runtime/holdLease.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { SessionActor } from "../sessionRoles.ts";
import { judgeHost } from "./hostConfig.ts";
import type { SessionPlace } from "./sessionPlace.ts";
import { judgeTask } from "./taskGate.ts";
import { landingPath, namedPaths } from "./writtenPaths.ts";

const bashArgs = z.looseObject({ command: z.string(), workdir: z.string().optional() });
const readArgs = z.looseObject({ filePath: z.string().optional(), path: z.string().optional() });

/** The host's tools that read files by name, outside the sandbox. */
const READ_TOOLS: readonly string[] = ["read", "glob", "grep"];

/** One call of a tool in a swarm session, before it runs. */
export interface AskedCall {
  session: string;
  /** Where the session's files lie, and how the names it gives are resolved. */
  place: SessionPlace;
  tool: string;
  args: unknown;
}

/** Judges one tool call of a swarm session before it runs. Undefined lets it pass. */
export async function judgeToolCall(
  services: SwarmServices,
  actor: Exclude<SessionActor, { role: "none" }>,
  { session, place, tool, args }: AskedCall,
): Promise<Refusal | undefined> {
  if (actor.role === "replaced") {
    return refusal("session-replaced", "this Worker goes on in another session, or its swarm is over.", "stop here.");
  }
  // A process that only watches knows neither the present phase nor the live scopes.
  const watching = await needLease(services);
  if (watching) return watching;
  if (!mayCall(actor.role, tool, services.settings.allowedMcp[actor.role], services.hostConfig.mcpServers)) {
    return refusal("tool-not-offered", `a ${actor.role} has no tool "${tool}".`, "use the tools you were given.");
  }
  const unsafe = judgeHost(services, tool);
  if (unsafe) return unsafe;
  if (actor.role === "worker" && !isRunning(actor.worker)) {
    const { id } = actor.worker.assignment;
    return refusal("worker-ended", `${id} has ended (${actor.worker.status}).`, "stop here; your part is over.");
  }
  const owner = services.swarm.state?.session;
  const changes = tool === "bash" || WRITE_TOOLS.includes(tool);
  if (actor.role === "commander" && changes && services.swarm.open && owner !== session) {
    return refusal(
      "other-session",
      `the open swarm belongs to another session (${owner}); only that one's Commander writes.`,
      "tell the person: go on there, or end it with /abort-swarm and ask here again.",
    );
  }
  if (WRITE_TOOLS.includes(tool)) return judgeFileWrite(services, actor, place, tool, args);
  if (READ_TOOLS.includes(tool)) return judgeRead(services, place, args);
  if (tool === "bash") return judgeShell(services, actor, place, args);
  if (tool === "task") return judgeTask(services, session, args);
  return undefined;
}

async function judgeFileWrite(
  services: SwarmServices,
  actor: Exclude<SessionActor, { role: "none" | "replaced" }>,
  place: SessionPlace,
  tool: string,
  args: unknown,
): Promise<Refusal | undefined> {
  const named = namedPaths(tool, args);
  if (!named) {
    return refusal(
      "target-unclear",
      `it cannot be told which file this ${tool} would write.`,
      "name the file in the tool's own argument.",
    );
  }
  for (const name of named) {
    const path = landingPath(place.root, "/", place.resolve(name));
    const refused = judgeWrite(services.swarm.state, actor, path, name);
    if (refused) return refused;
    if (path !== undefined && (await isPersonsSecret(services, place, path, name))) {
      return refusal(
        "secret-file",
        `${name} holds the person's own settings or secrets; git does not track it and could not bring it back.`,
        "leave it: tell the person what to put there, and write an example beside it (.env.example).",
      );
    }
  }
  return undefined;
}

/** A file of secrets that is there, untracked, and none that a tool made. In a Worker's own tree it is the project's that counts. */
async function isPersonsSecret(
  { git, projectDir, madeSecrets }: SwarmServices,
  place: SessionPlace,
  path: string,
  named: string,
): Promise<boolean> {
  // A link by such a name counts, whatever the file is called that it leads to.
  if (!isSecretFile(path) && !isSecretFile(named)) return false;
  const exists = await lstat(join(projectDir, path)).catch(() => undefined);
  if (!exists) madeSecrets.add(path);
  if (madeSecrets.has(path)) return false;
  const link = landingPath(place.root, "/", dirname(place.resolve(named)));
  const names = [path, ...(link === undefined ? [] : [join(link, basename(named))])];
  return (await git.tracked(names)).length < new Set(names).size;
}

/** The host judges a read by the name it is given; a link in the project would lead it to any file of the person's. */
async function judgeRead(services: SwarmServices, place: SessionPlace, args: unknown): Promise<Refusal | undefined> {
  const parsed = readArgs.safeParse(args);
  const named = parsed.success ? (parsed.data.filePath ?? parsed.data.path) : undefined;
  if (named === undefined || named === "") return undefined;
  const full = place.resolve(named);
  // What the project ignores (dependencies) is read in the project by those who have a tree of their own, too.
  const roots = [...new Set([place.root, services.projectDir])];
  for (const root of roots) {
    const landed = landingPath(root, "/", full);
    if (landed !== undefined && (root === place.root || isFinding(landed) || !isOwnState(landed))) return undefined;
  }
  return refusal("outside-project", `${named} leads out of the project.`, "read what is in the project.");
}

/** `.aegis` of the project: other Workers' trees lie in it. */
function isOwnState(path: string): boolean {
  return path === ".aegis" || path.startsWith(".aegis/");
}

async function judgeShell(
  services: SwarmServices,
  actor: Exclude<SessionActor, { role: "none" | "replaced" }>,
  place: SessionPlace,
  args: unknown,
): Promise<Refusal | undefined> {
  const parsed = bashArgs.safeParse(args);
  if (!parsed.success)
    return refusal("bad-arguments", "bash was called without a command.", "give the command as a string.");
  const { workdir } = parsed.data;
  if (workdir !== undefined && landingPath(place.root, "/", place.resolve(workdir)) === undefined)
    return refusal("outside-project", `${workdir} lies outside the project.`, "leave workdir out, or stay inside.");
  const [write] = findGitWrites(parsed.data.command);
  if (write) return gitRefusal(services, actor, write);
  const probe = await services.sandbox.probe();
  if (!probe.usable) {
    return refusal(
      "no-shell",
      `shell commands run in a sandbox, and none can be made here: ${probe.reason} (${probe.mend})`,
      "go on with read, edit and write; QA is run by the Commander.",
    );
  }
  return undefined;
}

function gitRefusal(services: SwarmServices, actor: SessionActor, write: { verb: string; form: string }): Refusal {
  const what = `git ${write.verb} (${write.form}) changes history, refs, the index or git's configuration, and that is not done in a shell.`;
  if (actor.role !== "commander") {
    return refusal(
      "git-write",
      what,
      "leave git alone: the Commander commits after QA. Call report_result when your part is done.",
    );
  }
  const gate = needSwarm(services.swarm.state);
  const next =
    write.verb === "push" ? "nothing is pushed by the swarm; the person pushes." : "call run_qa, then commit_changes.";
  return refusal("git-write", what, gate ? gate.next : next);
}
