import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AT_WORK, demoProject, recordedSwarm } from "./recordedSwarm.ts";
import { place, type Served, serve } from "./served.ts";

/** A request as any program could send it. */
function ask(base: string, path: string, headers: Record<string, string>, method = "GET"): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${base}${path}`, { headers, method }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("the dashboard's server", () => {
  const { project, home, remove } = place();
  let served: Served;
  beforeAll(async () => {
    demoProject(project);
    recordedSwarm(project, { events: AT_WORK, now: Date.now() });
    served = await serve(project, home);
  });
  afterAll(async () => {
    await served.close();
    remove();
  });

  it("answers nobody without the token, another host's name, or another site's page", async () => {
    const authorization = `Bearer ${served.token}`;
    const { base } = served;
    const host = new URL(base).host;
    expect(await ask(base, "/api/stream", { authorization })).toBe(200);
    expect(await ask(base, "/api/event?n=0", { authorization })).toBe(200);
    expect(await ask(base, "/api/stream", {})).toBe(401);
    expect(await ask(base, "/api/stream", { authorization: `${authorization}x` })).toBe(401);
    expect(await ask(base, "/api/event?n=0", {})).toBe(401);
    expect(await ask(base, `/api/stream?token=${served.token}`, { cookie: `token=${served.token}` })).toBe(401);
    expect(await ask(base, "/api/stream", { authorization, host: "evil.example" })).toBe(403);
    expect(await ask(base, "/", { host: "evil.example" })).toBe(403);
    expect(await ask(base, "/api/stream", { authorization, origin: "http://evil.example" })).toBe(403);
    expect(await ask(base, "/api/stream", { authorization, host, origin: `http://${host}` })).toBe(200);
    expect(await ask(base, "/api/stream", { authorization, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await ask(base, "/api/event?n=0", { authorization }, "POST")).toBe(405);
    expect(await ask(base, "/api/stream?swarm=s-20200101-000000-dead", { authorization })).toBe(404);
    expect(await ask(base, "/api/stream?swarm=../../etc", { authorization })).toBe(404);
    expect(await ask(base, "/api/event?n=99999", { authorization })).toBe(404);
  });

  it("gives a page that may run its own script alone and ask nobody else", async () => {
    const response = await fetch(served.base);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'sha256-[^']+';/);
    expect(policy).not.toContain("unsafe");
    expect(await response.text()).not.toContain(served.token);
  });
});
