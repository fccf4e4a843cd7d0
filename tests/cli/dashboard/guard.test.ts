import { describe, expect, it } from "vitest";
import { type Asking, hasToken, knowsHost } from "../../../src/cli/dashboard/guard.ts";

const own = { host: "127.0.0.1", port: 4780, token: "a-token" };
const asking = (more: Partial<Asking>): Asking => ({
  host: "127.0.0.1:4780",
  origin: undefined,
  site: undefined,
  authorization: undefined,
  ...more,
});

describe("who the dashboard answers", () => {
  it.each(["127.0.0.1:4780", "localhost:4780", "[::1]:4780"])("its own address %s", (host) => {
    expect(knowsHost(asking({ host }), own)).toBe(true);
    expect(knowsHost(asking({ host, origin: `http://${host}`, site: "same-origin" }), own)).toBe(true);
  });

  it.each([
    undefined,
    "",
    "evil.example:4780",
    "127.0.0.1.evil.example:4780",
    "127.0.0.1:80",
    "127.0.0.1",
    "192.168.0.7:4780",
    "user@127.0.0.1:4780",
    "localhost:4780/x",
    "localhost.:4780",
  ])("no other one: %s", (host) => {
    expect(knowsHost(asking({ host }), own)).toBe(false);
  });

  it.each([
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:9999" },
    { origin: "https://127.0.0.1:4780" },
    { site: "cross-site" },
    { site: "same-site" },
  ])("no page of another site: %o", (more) => {
    expect(knowsHost(asking(more), own)).toBe(false);
  });

  it("on a network any address, since none can be pointed elsewhere, but of names only its own", () => {
    const open = { ...own, host: "0.0.0.0" };
    expect(knowsHost(asking({ host: "192.168.0.7:4780" }), open)).toBe(true);
    expect(knowsHost(asking({ host: "evil.example:4780" }), open)).toBe(false);
    expect(knowsHost(asking({ host: "gpu.house:4780" }), { ...own, host: "gpu.house" })).toBe(true);
  });

  it("the token alone, whole and as a Bearer", () => {
    const given = (authorization?: string) => hasToken(asking({ authorization }), own);
    expect(given("Bearer a-token")).toBe(true);
    for (const wrong of [undefined, "", "Bearer", "Bearer a-toke", "Bearer a-token2", "a-token", "Basic a-token"])
      expect(given(wrong)).toBe(false);
  });
});
