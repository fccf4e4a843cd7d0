import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { InstallOptions } from "../../../src/cli/install/options.ts";
import { probeServer } from "../../../src/cli/install/probe.ts";
import { makeWorld } from "../io.ts";
import { install, read } from "./installWorld.ts";

describe("the model server that an install asks", () => {
  const listening: Server[] = [];
  afterEach(async () => {
    await Promise.all(listening.splice(0).map((server) => new Promise((done) => server.close(done))));
  });

  /** A server whose `/v1` wants a key, and where it is. */
  async function keyed(): Promise<string> {
    const server = createServer((asked, answer) => {
      const { url = "/", headers } = asked;
      answer.statusCode = !url.startsWith("/v1") ? 404 : headers.authorization === "Bearer right" ? 200 : 401;
      answer.setHeader("content-type", "application/json");
      answer.end(JSON.stringify({ object: "list", data: [{ id: "m", max_model_len: 4096 }] }));
    });
    listening.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const told = async (options: InstallOptions, env: Record<string, string> = {}) => {
    const world = makeWorld();
    const { err } = await install(
      world,
      { model: "m", ...options },
      { probe: probeServer, io: { env: { ...world.env, ...env } } },
    );
    return err;
  };

  it("says what its key lacks, and nothing where it is the right one", async () => {
    const baseUrl = `${await keyed()}/v1`;
    expect(await told({ baseUrl })).toMatch(/wants a key \(401\): --api-key-env NAME/);
    expect(await told({ baseUrl, apiKeyEnv: "SERVER_KEY" })).toContain("SERVER_KEY is not set in this shell");
    expect(await told({ baseUrl, apiKeyEnv: "SERVER_KEY" }, { SERVER_KEY: "old" })).toContain(
      "refused the key in SERVER_KEY",
    );
    expect(await told({ baseUrl, apiKeyEnv: "SERVER_KEY" }, { SERVER_KEY: "right" })).toBe("");
  });

  it("remembers the variable of an earlier install", async () => {
    const world = makeWorld();
    const baseUrl = `${await keyed()}/v1`;
    await install(world, { baseUrl, model: "m", apiKeyEnv: "SERVER_KEY" });
    expect((await install(world, {}, { probe: probeServer })).err).toContain("SERVER_KEY is not set");
  });

  it("names the address with /v1 and does not take it by itself", async () => {
    const root = await keyed();
    const world = makeWorld();
    const { err } = await install(world, { baseUrl: root, model: "m" }, { probe: probeServer });
    expect(err).toContain(`--base-url ${root}/v1`);
    expect(read(join(world.project, "opencode.json")).provider.aegis.options.baseURL).toBe(root);
  });

  it("says that a connection was refused", async () => {
    const root = await keyed();
    await new Promise((done) => listening.splice(0)[0]?.close(done));
    expect(await told({ baseUrl: `${root}/v1` })).toMatch(/no model server answers.*ECONNREFUSED/);
  });
});
