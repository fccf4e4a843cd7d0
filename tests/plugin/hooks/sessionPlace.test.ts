import { expect, test } from "vitest";
import { SessionPlaces } from "../../../plugin/hooks/sessionPlace.ts";
import type { SessionActor, SessionRoles } from "../../../plugin/sessionRoles.ts";
import type { Worker } from "../../../src/core/workflow/state.ts";
import type { SwarmServices } from "../../../src/runtime/services.ts";

const worker: SessionActor = { role: "worker", worker: {} as Worker };

test.each([
  ["src/a.ts", "/p/.aegis/trees/w01/src/a.ts"],
  ["/p/src/a.ts", "/p/.aegis/trees/w01/src/a.ts"],
  ["node_modules/x/index.js", "/p/node_modules/x/index.js"],
  [".aegis/findings/call_1.md", "/p/.aegis/findings/call_1.md"],
  [".aegis/lease.json", "/p/.aegis/trees/w01/.aegis/lease.json"],
])("a Worker with a tree of its own names %s and means %s", async (named, meant) => {
  const trees = { dirOf: () => "/p/.aegis/trees/w01", shown: async () => [{ path: "node_modules" }] };
  const services = { projectDir: "/p", trees } as unknown as SwarmServices;
  const places = new SessionPlaces(services, {} as SessionRoles, "/p");
  const args = { filePath: named };
  await places.redirect("ses", worker, "read", args);
  expect(args.filePath).toBe(meant);
});
