import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { cancelWorker } from "../../plugin/tools/cancelWorker.ts";
import { callTool } from "../../plugin/tools/tool.ts";
import { createGit } from "../../src/adapters/git/gitRepository.ts";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import { FileLease } from "../../src/adapters/log/fileLease.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { SwarmRuntime } from "../../src/runtime/swarm.ts";
import { makeRepository, type Repository } from "../adapters/git/repository.fixture.ts";
import { begin, foundation, inMonitoring, type Told, timed } from "../core/workflow/scenario.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(() => repository.remove());

/** w01 is at work on src/cart, where a file is from before and the person writes too. */
async function atWork(options: { inProject?: boolean; busyLooks?: number } = {}) {
  const git = createGit(repository.dir);
  await repository.write("src/cart/old.ts", "old");
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "start");
  const tree = await git.snapshot();
  const swarm = new SwarmRuntime(new FileEventLogs(`${repository.dir}/.aegis`), () => undefined);
  let busy = options.busyLooks ?? 0;
  const ended: string[] = [];
  const services = {
    git,
    swarm,
    lease: new FileLease(`${repository.dir}/.aegis`),
    trees: { inProject: async () => options.inProject ?? true },
    turns: { isBusy: () => busy > 0 },
    sandbox: {
      end: async (id: string) => {
        ended.push(id);
        // A command that nobody ends writes once more.
        await repository.write("src/cart/old.ts", "written at the last moment");
      },
    },
    sleep: async () => {
      busy -= 1;
    },
    now: () => 1,
  } as unknown as SwarmServices;
  const story = inMonitoring.map((told): Told => {
    if (told.type === "begin_swarm") return begin();
    return told.type === "complete_foundation" ? ({ ...foundation, tree } as Told) : told;
  });
  const wrote: Told = { type: "worker_wrote", worker: "w01", paths: ["src/cart/old.ts", "src/cart/new.ts"] };
  for (const told of [...story, wrote]) await swarm.submit(timed(told));
  await repository.write("src/cart/old.ts", "worker");
  await repository.write("src/cart/new.ts", "worker");
  await repository.write("src/cart/mine.ts", "person");
  const cancel = (reason: string) =>
    callTool(
      cancelWorker,
      services,
      { worker_id: "w01", reason },
      {
        session: swarm.state?.session ?? "",
        signal: new AbortController().signal,
        title: () => undefined,
      },
    );
  const files = async () => (await repository.git("status", "--porcelain", "-uall", "src")).trim().split("\n");
  return { swarm, cancel, files, ended, looksLeft: () => busy };
}

it("a cancelled Worker's own files go back to the baseline; what the person wrote in its scope stays", async () => {
  const { cancel, files, swarm, ended, looksLeft } = await atWork({ busyLooks: 3 });
  expect(await cancel("wrong way, revert it")).toContain("2 file(s) are as the baseline has them");
  expect(await files()).toEqual(["?? src/cart/mine.ts"]);
  expect(swarm.state?.workers[0]).toMatchObject({
    status: "cancelled",
    reverted: ["src/cart/new.ts", "src/cart/old.ts"],
  });
  // Its turn had ended before anything was put back.
  expect(looksLeft()).toBe(0);
  expect(ended).toEqual(["s-1-w01", "s-1-w01"]);
});

it("without the word everything stays; with it and work in a tree of its own the project's files stay too", async () => {
  const kept = await atWork();
  expect(await kept.cancel("no longer needed")).toContain("its changes stay");
  expect(await kept.files()).toHaveLength(3);
  await repository.remove();
  repository = await makeRepository();
  const apart = await atWork({ inProject: false });
  expect(await apart.cancel("revert it")).toContain("0 file(s)");
  expect(await apart.files()).toHaveLength(3);
  await rm(join(repository.dir, ".aegis"), { recursive: true, force: true });
});
