import path from "node:path";
import { isFinding } from "../../src/core/findings.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { SessionActor, SessionRoles } from "../sessionRoles.ts";

/** A line of a patch that names a file; the name is the second group. */
const PATCH_FILE = /^(\*\*\* (?:Add File|Update File|Delete File|Move to): )(.+)$/gmu;
/** Tools that look at the whole directory where no path is given. */
const SEARCHING: readonly string[] = ["glob", "grep"];

/** Where a swarm session's files lie. */
export interface SessionPlace {
  /** Absolute path of the root that its paths are judged against. */
  root: string;
  /** Turns a path that the session names into the one the host is to use. */
  resolve(named: string): string;
}

/**
 * Sends the calls of a Worker with a tree of its own, and of its helpers, to that tree. All sessions are opened in the
 * project's directory and name its paths (docs/adr/0004): the host is handed the worktree's.
 */
export class SessionPlaces {
  private readonly services: SwarmServices;
  private readonly roles: SessionRoles;
  private readonly directory: string;

  /** @param directory where the host resolves relative names. */
  constructor(services: SwarmServices, roles: SessionRoles, directory: string) {
    this.services = services;
    this.roles = roles;
    this.directory = directory;
  }

  /** The session's own tree; undefined where it works on the project's files. */
  async of(session: string, actor: SessionActor): Promise<string | undefined> {
    if (actor.role === "commander" || actor.role === "none" || actor.role === "replaced") return undefined;
    const worker = actor.role === "worker" ? actor.worker : await this.roles.workerAbove(session);
    return worker && this.services.trees.dirOf(worker);
  }

  async placeOf(session: string, actor: SessionActor): Promise<SessionPlace> {
    const { projectDir, trees } = this.services;
    const dir = await this.of(session, actor);
    if (dir === undefined) return { root: projectDir, resolve: (named) => path.resolve(this.directory, named) };
    const ignored = (await trees.shown()).map((entry) => entry.path);
    return { root: dir, resolve: (named) => inTree(projectDir, dir, this.directory, named, ignored) };
  }

  /** Rewrites, in place, the paths among a call's arguments. */
  async redirect(session: string, actor: SessionActor, tool: string, args: unknown): Promise<void> {
    const { projectDir } = this.services;
    const dir = await this.of(session, actor);
    if (dir === undefined || typeof args !== "object" || args === null) return;
    const { resolve } = await this.placeOf(session, actor);
    const call = args as Record<string, unknown>;
    if (tool === "bash") {
      if (typeof call.workdir === "string") call.workdir = resolve(call.workdir);
      // The shell sees the tree in the project's place; the host's errors may have named where it really lies.
      if (typeof call.command === "string") call.command = call.command.replaceAll(dir, projectDir);
      return;
    }
    for (const key of ["filePath", "path"]) {
      const named = call[key];
      if (typeof named === "string" && named !== "") call[key] = resolve(named);
    }
    if (SEARCHING.includes(tool) && (call.path === undefined || call.path === "")) call.path = resolve(".");
    for (const key of ["patchText", "patch"]) {
      const text = call[key];
      if (typeof text === "string")
        call[key] = text.replace(PATCH_FILE, (_, head: string, name: string) => head + resolve(name.trim()));
    }
  }

  /** Where a shell call starts, as the sandbox shows it. */
  async seenAt(session: string, actor: SessionActor, cwd: string): Promise<string | undefined> {
    const dir = await this.of(session, actor);
    if (dir === undefined) return undefined;
    const below = path.relative(dir, cwd);
    return isBelow(below) ? path.join(this.services.projectDir, below) : cwd;
  }

  /** A tool's output with the project's paths in it, as the session knows them. */
  async shownTo(session: string, actor: SessionActor, output: string): Promise<string> {
    const dir = await this.of(session, actor);
    return dir === undefined ? output : output.replaceAll(dir, this.services.projectDir);
  }
}

function inTree(projectDir: string, dir: string, directory: string, named: string, ignored: readonly string[]): string {
  const full = path.resolve(directory, named);
  if (isBelow(path.relative(dir, full))) return full;
  const below = path.relative(projectDir, full);
  if (!isBelow(below)) return full;
  // Dependencies and helpers' answers lie in the project alone; a write there is refused, because it is outside this tree.
  const isIgnored = isFinding(below) || ignored.some((entry) => below === entry || below.startsWith(`${entry}/`));
  return isIgnored ? full : path.join(dir, below);
}

function isBelow(relative: string): boolean {
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
