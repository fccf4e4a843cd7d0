import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { FileLease } from "../log/fileLease.ts";
import { findProgram } from "../programs/findProgram.ts";
import { namesIn } from "./jobFiles.ts";

interface RunnerPlaces {
  /** The results directory. */
  root: string;
  /** Runners at once, of all programs on this machine. */
  most: number;
}

function placeDir({ root }: RunnerPlaces, number: number): string {
  return join(root, ".runners", String(number));
}

/** One of the places for runners, until it is released; undefined where all are taken. */
export async function takePlace(places: RunnerPlaces): Promise<{ release(): Promise<void> } | undefined> {
  for (let number = 1; number <= places.most; number += 1) {
    const lease = new FileLease(placeDir(places, number));
    if ((await lease.acquire()).held) return lease;
  }
  return undefined;
}

async function anyPlaceFree(places: RunnerPlaces): Promise<boolean> {
  if (namesIn(join(places.root, ".runners")).length < places.most) return true;
  for (let number = 1; number <= places.most; number += 1)
    if ((await new FileLease(placeDir(places, number)).holder()) === undefined) return true;
  return false;
}

/** The command line beside the bundle, or beside the sources. */
const PROGRAM = fileURLToPath(new URL("../bin/oh-my-qwencoder.js", rootUrl()));

function rootUrl(): string {
  // Bundles lie in dist/, this file in src/adapters/jobs/.
  const { url } = import.meta;
  return url.endsWith("/src/adapters/jobs/spawnRunner.ts") ? new URL("../../", url).href : url;
}

/**
 * Starts a runner that goes on without this process and ends when no job waits. Nothing is started where all places are
 * taken: whoever has one looks once more before it ends.
 *
 * @param env what the runner, and so the work, sees
 */
export async function spawnRunner(
  places: RunnerPlaces,
  { env, cwd }: { env: Readonly<Record<string, string | undefined>>; cwd: string },
): Promise<void> {
  if (!(await anyPlaceFree(places))) return;
  mkdirSync(places.root, { recursive: true, mode: 0o700 });
  // execa takes descriptors from 3 to 9 by type, and any in fact.
  const log = openSync(join(places.root, "runners.log"), "a", 0o600) as 3;
  try {
    // In OpenCode this process is OpenCode's own program, which is a Bun where it is told so.
    const node = process.versions.bun === undefined ? process.execPath : findProgram(["node"], env.PATH);
    const child = execa(node ?? process.execPath, [PROGRAM, "job", "worker", "--until-idle"], {
      cwd,
      env: { ...env, ...(node === undefined ? { BUN_BE_BUN: "1" } : {}), OMQ_RESULTS_DIR: places.root },
      extendEnv: false,
      detached: true,
      cleanup: false,
      stdio: ["ignore", log, log],
      reject: false,
    });
    child.unref();
  } finally {
    closeSync(log);
  }
}
