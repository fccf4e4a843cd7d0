import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Installed, installed, packageDir } from "./installed.ts";
import { hasStrace, leaving, PROXY, runOffline, whyNoNamespace } from "./namespace.ts";

const why = whyNoNamespace();
if (why !== undefined) console.warn(`offline.test.ts skipped: no network namespace can be made here: ${why}`);
else if (!hasStrace())
  console.warn("offline.test.ts: without strace only the resolver, the proxy and the kernel's counters record.");

/** The whole demo has eight Workers; `npm run test:offline` runs it, the rest of the time fewer show the same. */
const WORKERS = process.env.AEGIS_OFFLINE_WORKERS ?? "2";

describe.runIf(why === undefined)("nothing leaves", () => {
  test("the recorders see every kind of attempt", async () => {
    const script = `
      require("dns").lookup("leak.example", () => {});
      require("dns").resolve4("leak.example.org", () => {});
      require("net").connect(80, "192.0.2.7").on("error", () => {});
      require("net").connect(80, "2001:db8::1").on("error", () => {});
      require("http").get("${PROXY}/asked", () => {}).on("error", () => {});
      setTimeout(() => process.exit(0), 2500);`;
    const run = await runOffline({
      cwd: tmpdir(),
      env: { PATH: process.env.PATH ?? "" },
      command: [process.execPath, "-e", script],
      timeoutMs: 30_000,
    });
    expect(run.names).toEqual(expect.arrayContaining(["leak.example", "leak.example.org"]));
    expect(run.proxied).toEqual(["GET /asked"]);
    expect(run.noRoute.v4).toBeGreaterThan(0);
    expect(run.attempts.length).toBeGreaterThan(3);
    if (run.traced) expect(run.attempts.join("\n")).toMatch(/connect\([^\n]*192\.0\.2\.7[^\n]*\n[\s\S]*2001:db8::1/u);
  });

  test("a line of the trace counts where its address is not this machine's, or a resolver's", () => {
    const line = (address: string) => `12 connect(18, {sa_family=AF_X, ${address}}, 16) = 0`;
    const own = [
      'sin_port=htons(8099), sin_addr=inet_addr("127.0.0.1")',
      'sin6_port=htons(1), inet_pton(AF_INET6, "::1"',
      'sun_path="/tmp/x.sock"',
    ];
    const foreign = [
      'sin_port=htons(443), sin_addr=inet_addr("10.1.2.3")',
      'sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")',
      'sin6_port=htons(443), inet_pton(AF_INET6, "2606:4700::1111"',
      'sun_path="/run/systemd/resolve/io.systemd.Resolve"',
    ];
    expect(leaving(own.map(line).join("\n"))).toEqual([]);
    expect(leaving(foreign.map(line).join("\n"))).toHaveLength(foreign.length);
  });

  test("a whole demo swarm: no name is looked up, no proxy asked, nothing but loopback connected to", async () => {
    const run = await runOffline({
      cwd: tmpdir(),
      env: {
        PATH: process.env.PATH ?? "",
        HOME: tmpdir(),
        HTTP_PROXY: PROXY,
        HTTPS_PROXY: PROXY,
        http_proxy: PROXY,
        https_proxy: PROXY,
      },
      command: [
        process.execPath,
        path.join(packageDir, "bin/oh-my-qwencoder.js"),
        "demo",
        "--workers",
        WORKERS,
        "--json",
      ],
      timeoutMs: 480_000,
    });
    expect(run.attempts, run.stderr).toEqual([]);
    expect(run.code, run.stderr).toBe(0);
    const result = z.looseObject({ phase: z.string(), workers: z.array(z.unknown()) }).parse(JSON.parse(run.stdout));
    expect(result.phase).toBe("done");
    expect(result.workers).toHaveLength(Number(WORKERS));
    console.info(
      `demo with ${WORKERS} Workers without a network: ${run.ms} ms, system calls ${run.traced ? "traced" : "not traced"}`,
    );
  }, 600_000);
});

describe.runIf(why === undefined)("without env.sh", () => {
  let machine: Installed;
  beforeAll(async () => {
    machine = await installed("global");
  });
  afterAll(() => machine?.remove());

  test.each(["project", "elsewhere"] as const)("a proxy of the environment gets no prompt (%s)", async (place) => {
    const run = await machine.hello(machine[place], { sourced: false });
    expect(run.proxied.filter((request) => request.includes("completions"))).toEqual([]);
    expect(run.stdout, run.stderr).toContain("Scripted: hello.");
  });
});

describe.runIf(why === undefined).each(["global", "project", "managed"] as const)("after install (%s)", (scope) => {
  let machine: Installed;
  beforeAll(async () => {
    machine = await installed(scope);
  });
  afterAll(() => machine?.remove());

  test("OpenCode asks the model on this machine, at once, and nobody else", async () => {
    const run = await machine.hello(machine.project);
    expect(run.attempts, run.stderr).toEqual([]);
    expect(run.stdout, run.stderr).toContain("Scripted: hello.");
    expect(new Set(run.model.map(({ host }) => host))).toEqual(new Set(["127.0.0.1:8099"]));
    console.info(`${scope}: ${run.model[0]?.ms} ms from start to the first model request`);
  });

  test("in a directory without a configuration no hosted model is chosen", async () => {
    const run = await machine.hello(machine.elsewhere);
    expect(run.attempts, run.stderr).toEqual([]);
    if (scope === "project") expect(run.stdout).not.toContain("Scripted");
    else expect(run.stdout, run.stderr).toContain("Scripted: hello.");
  });
});
