import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { Lease, LeaseHolder } from "../../ports/lease.ts";
import { InstanceEndedError } from "../../ports/lease.ts";
import { hasCode } from "../../ports/thrown.ts";
import { identityOf, isAlive } from "../processIdentity.ts";
import { makeStateDir } from "./stateDir.ts";

const holderSchema = z.object({ token: z.string(), pid: z.number().int(), started: z.string(), since: z.string() });

type Holder = z.infer<typeof holderSchema>;

/** The lease as `<stateDir>/lease.json`, bound to pid and start time of its process. */
export class FileLease implements Lease {
  private readonly stateDir: string;
  private readonly file: string;
  private readonly token = randomUUID();
  private retired = false;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
    this.file = join(stateDir, "lease.json");
  }

  async acquire(): Promise<{ held: true; taken: boolean } | { held: false; by: LeaseHolder }> {
    if (this.retired) throw new InstanceEndedError();
    if (readHolder(this.file)?.token === this.token) return { held: true, taken: false };
    makeStateDir(this.stateDir);
    const own = {
      token: this.token,
      ...identityOf(process.pid),
      since: new Date().toISOString(),
    };
    // A name of its own for every call: calls of one process overlap, and each removes its file at the end.
    const mine = `${this.file}.${this.token}.${randomUUID()}`;
    await writeFile(mine, `${JSON.stringify(own)}\n`);
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        // A link appears with its content or not at all: nobody reads a half-written lease.
        if (await linked(mine, this.file)) return { held: true, taken: true };
        const holder = readHolder(this.file);
        if (holder?.token === this.token) return { held: true, taken: false };
        if (holder && isAlive(holder)) return { held: false, by: holder };
        if (await this.replace(mine, holder?.token)) return { held: true, taken: true };
      }
    } finally {
      await rm(mine, { force: true });
    }
    throw new Error(
      `The lease ${this.file} changes hands too quickly; close other OpenCode processes of this project.`,
    );
  }

  async release(): Promise<void> {
    const holder = readHolder(this.file);
    if (holder?.token === this.token) await rm(this.file, { force: true });
  }

  async retire(): Promise<void> {
    this.retired = true;
    await this.release();
  }

  async holder(): Promise<(LeaseHolder & { own: boolean }) | undefined> {
    const holder = readHolder(this.file);
    if (!holder || !isAlive(holder)) return undefined;
    const { token, pid, started, since } = holder;
    return { pid, started, since, own: token === this.token };
  }

  /**
   * Puts our lease in the place of a dead holder's. One taker at a time may replace a given holder's file, and looks once
   * more before it does, so that nobody removes the lease of a taker who was quicker.
   */
  private async replace(mine: string, dead: string | undefined): Promise<boolean> {
    const claim = `${this.file}.taking`;
    if (!(await linked(mine, claim))) {
      const other = readHolder(claim);
      if (other && !isAlive(other)) await rm(claim, { force: true });
      else await setTimeout(CLAIM_WAIT_MS);
      return false;
    }
    try {
      const present = readHolder(this.file);
      // A file that is gone is taken by a link; only one that is there, dead or damaged, is replaced.
      if (present?.token !== dead || !(await exists(this.file))) return false;
      const fresh = `${mine}.new`;
      await link(mine, fresh);
      await rename(fresh, this.file);
      return true;
    } finally {
      await rm(claim, { force: true });
    }
  }
}

const ATTEMPTS = 50;
/** A taker needs a few file operations; ms. */
const CLAIM_WAIT_MS = 5;

/** Gives `path` the file `from` unless there is one already. */
async function linked(from: string, path: string): Promise<boolean> {
  try {
    await link(from, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** Read without a turn in the thread pool: one small file, asked for before every call of a swarm's tools. */
function readHolder(file: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    // Gone meanwhile, or damaged from outside: then nobody holds it.
    if (hasCode(error, "ENOENT") || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
