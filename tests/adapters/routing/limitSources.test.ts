import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { codexAppServerLimits } from "../../../src/adapters/routing/codexAppServer.ts";
import { askEndpoint, LIMIT_ENDPOINTS } from "../../../src/adapters/routing/limitEndpoints.ts";
import { RoutingState } from "../../../src/adapters/routing/routingState.ts";
import { updateClaudeLimits } from "../../../src/adapters/routing/updateClaudeLimits.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/limits/${name}`, import.meta.url)), "utf8");

function place(): string {
  const dir = mkdtempSync(join(tmpdir(), "omq-limits-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A real process that speaks the app server's protocol: it answers only what was asked, after a line that is no answer. */
function scriptedAppServer(answer: string): [string, string] {
  const file = join(place(), "server.mjs");
  writeFileSync(
    file,
    `import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line);
  if (method === "initialize") console.log("starting"), console.log(JSON.stringify({ id, result: {} }));
  if (method === "account/rateLimits/read") console.log(JSON.stringify({ id, ...${answer} }));
}`,
  );
  return [process.execPath, file];
}

it("asks Codex's app server over its streams", async () => {
  const answer = `{ result: ${fixture("codex-app-server.json")} }`;
  const reading = await codexAppServerLimits(scriptedAppServer(answer), NOW);
  expect(reading).toMatchObject({
    ok: true,
    windows: [{ windowKind: "weekly", usedPercent: 88 }, { windowKind: "5h" }],
  });
});

it("says why an app server gives no limits", async () => {
  const refused = await codexAppServerLimits(
    scriptedAppServer(`{ error: { code: -1, message: "not signed in" } }`),
    NOW,
  );
  expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining("not signed in") });
  expect(await codexAppServerLimits(["no-such-program-here"], NOW)).toMatchObject({ ok: false });
  expect(await codexAppServerLimits([process.execPath, "-e", ""], NOW)).toMatchObject({ ok: false });
});

it.each([
  ["claude", "claude-usage.json", 61],
  ["gemini", "gemini-quota.json", 65],
  ["zai", "zai-quota.json", 44],
])("asks the endpoint of %s with the credential it is given", async (provider, file, percent) => {
  const endpoint = LIMIT_ENDPOINTS.find((one) => one.provider === provider);
  if (!endpoint) throw new Error(`${provider} has no endpoint`);
  const seen: Request[] = [];
  const send = async (input: string | URL | Request, init?: RequestInit) => {
    seen.push(new Request(input, init));
    return new Response(fixture(file));
  };
  const reading = await askEndpoint(endpoint, "secret", NOW, send);
  expect(reading.ok && reading.windows.map(({ usedPercent }) => usedPercent)).toContain(percent);
  expect(seen[0]?.headers.get("authorization")).toContain("secret");
  expect(seen[0]?.redirect).toBe("error");
  const failing = await askEndpoint(endpoint, "secret", NOW, async () => new Response("", { status: 401 }));
  expect(failing).toEqual({ ok: false, reason: expect.stringContaining("401") });
});

it("keeps a person's figures where every process finds them", async () => {
  const stateDir = place();
  await updateClaudeLimits(40, 70, undefined, { stateDir });
  const windows = await new RoutingState(stateDir).limits();
  expect(windows.map(({ windowKind, usedPercent }) => [windowKind, usedPercent])).toEqual([
    ["5h", 40],
    ["weekly", 70],
  ]);
  await expect(updateClaudeLimits(140, 0, 0, { stateDir })).rejects.toThrow(RangeError);
});
