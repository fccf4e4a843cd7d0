import { rm } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createGit } from "../../src/adapters/git/gitRepository.ts";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import { FileLease } from "../../src/adapters/log/fileLease.ts";
import { qaDefinitionGate } from "../../src/runtime/qaPass.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { SwarmRuntime } from "../../src/runtime/swarm.ts";
import { makeRepository, type Repository } from "../adapters/git/repository.fixture.ts";
import { foundation, inFoundation, says, type Told, timed } from "../core/workflow/scenario.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(() => repository.remove());

it("the person's consent to one change of what QA runs covers no other, a deleted definition included", async () => {
  const git = createGit(repository.dir);
  await repository.write("vitest.config.ts", "one");
  await repository.write("biome.json", "{}");
  const swarm = new SwarmRuntime(new FileEventLogs(`${repository.dir}/.aegis`), () => undefined);
  const lease = new FileLease(`${repository.dir}/.aegis`);
  const services = { git, swarm, lease, now: () => 1 } as unknown as SwarmServices;
  const tell = async (...commands: Told[]) => {
    for (const told of commands) await swarm.submit(timed(told));
  };
  const gate = async () => {
    if (!swarm.state) throw new Error("no swarm");
    return qaDefinitionGate(services, swarm.state, await git.snapshot());
  };
  await tell(...inFoundation, { ...foundation, tree: await git.snapshot() } as Told);
  expect(await gate()).toBeUndefined();
  await repository.write("vitest.config.ts", "two");
  expect(await gate()).toMatchObject({ code: "qa-definition-changed" });
  await tell(says("1"));
  expect(await gate()).toBeUndefined();
  await rm(`${repository.dir}/biome.json`);
  expect((await gate())?.happened).toContain("biome.json");
});
