import { afterEach, beforeEach, expect, it } from "vitest";
import { createGit } from "../../src/adapters/git/gitRepository.ts";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import { FileLease } from "../../src/adapters/log/fileLease.ts";
import { candidate } from "../../src/runtime/candidate.ts";
import { recordLostCommit } from "../../src/runtime/lostCommit.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { SwarmRuntime } from "../../src/runtime/swarm.ts";
import { makeRepository, type Repository } from "../adapters/git/repository.fixture.ts";
import { begin, check, inFinalQa, qa, type Told, timed } from "../core/workflow/scenario.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(() => repository.remove());

/** A swarm in final QA whose tested files are on disk; everything of it but the commit is in the log. */
async function testedSwarm() {
  const git = createGit(repository.dir);
  await repository.write("README.md", "start");
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "start");
  const head = await git.head();
  await repository.write("src/cart/a.ts", "export {};");
  const tree = await git.snapshot();
  const swarm = new SwarmRuntime(new FileEventLogs(`${repository.dir}/.aegis`), () => undefined);
  const lease = new FileLease(`${repository.dir}/.aegis`);
  const services = { git, swarm, lease, now: () => 1 } as unknown as SwarmServices;
  const story = inFinalQa.map((told): Told => {
    if (told.type === "begin_swarm") return { ...begin(), head } as Told;
    if (told.type === "check_conflicts") return { ...check, tree } as Told;
    return told.type === "qa_ran" ? qa({ tree }) : told;
  });
  for (const told of story) await swarm.submit(timed(told));
  const record = async () => {
    if (!swarm.state) throw new Error("no swarm");
    return recordLostCommit(services, swarm.state, await candidate(swarm.state, git), "feat: cart");
  };
  return { git, swarm, tree, head, record };
}

it("a commit that a crash kept out of the log is recorded by the next call", async () => {
  const { git, swarm, tree, head, record } = await testedSwarm();
  expect(await record()).toBeUndefined();
  const { commit } = await git.commit({ message: "feat: cart", tree, expectedHead: head });
  expect(await record()).toBe(commit);
  expect(swarm.state).toMatchObject({ phase: "done", commit: { commit, tree, paths: ["src/cart/a.ts"] } });
});

it("a commit of other files is not taken for it", async () => {
  const { swarm, record } = await testedSwarm();
  await repository.write("src/cart/a.ts", "export const untested = 1;");
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "by hand");
  expect(await record()).toBeUndefined();
  expect(swarm.state?.phase).toBe("final-qa");
});
