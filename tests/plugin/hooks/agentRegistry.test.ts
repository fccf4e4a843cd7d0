import { expect, it } from "vitest";
import { AgentRegistry } from "../../../plugin/hooks/agentRegistry.ts";
import { InMemorySessions } from "../../runtime/inMemorySessions.fixture.ts";

const roles = { commander: "commander", worker: "aegis-worker", scout: "scout", librarian: "librarian" };
const all = ["commander", "aegis-worker", "scout", "librarian"];
const configOf = (names: readonly string[]) => ({ agent: Object.fromEntries(names.map((name) => [name, {}])) });

function open(known: readonly string[]) {
  const sessions = new InMemorySessions();
  sessions.knownAgents = known;
  const logged: string[] = [];
  const registry = new AgentRegistry({
    sessions,
    agents: roles,
    sleep: async (ms) => void sessions.calls.push(`sleep ${ms}`),
    log: (message) => void logged.push(message),
  });
  return { registry, sessions, logged };
}

it("asks the host for a new instance where its agents were read before ours were in the configuration", async () => {
  const { registry, sessions, logged } = open(["build", "plan"]);
  const complete = registry.complete();
  // Before the host handed its configuration over, nothing may be asked: that alone could make it read its agents.
  expect(sessions.calls).toEqual([]);
  registry.configured(configOf(all));
  expect(await complete).toBe(false);
  expect(sessions.calls).toEqual(["agents", "sleep 1000", "reload"]);
  expect(logged).toEqual([expect.stringContaining("build, plan")]);
});

it("leaves the instance where every role is known, or was taken out of the configuration on purpose", async () => {
  const whole = open(["build", ...all]);
  whole.registry.configured(configOf(all));
  expect(await whole.registry.complete()).toBe(true);
  const without = open(["build", "commander", "aegis-worker", "scout"]);
  without.registry.configured(configOf(all.slice(0, 3)));
  expect(await without.registry.complete()).toBe(true);
  const disabled = open(["build", "commander", "aegis-worker", "scout"]);
  disabled.registry.configured({ agent: { ...configOf(all).agent, librarian: { disable: true } } });
  expect(await disabled.registry.complete()).toBe(true);
  expect([whole, without, disabled].map(({ sessions }) => sessions.calls)).toEqual([
    ["agents"],
    ["agents"],
    ["agents"],
  ]);
});

it("goes on where the host does not say which agents it knows", async () => {
  const { registry, sessions } = open([]);
  sessions.agents = () => Promise.reject(new Error("no answer"));
  registry.configured(configOf(all));
  expect(await registry.complete()).toBe(true);
  expect(sessions.calls).toEqual([]);
});
