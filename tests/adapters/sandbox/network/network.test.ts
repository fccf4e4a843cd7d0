import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { NetworkAttempt } from "../../../../src/adapters/sandbox/network/proxy.ts";
import { networkAllowance } from "../../../../src/core/sandbox/networkAllowance.ts";
import { TestProject } from "../project.ts";
import { sandboxed } from "../sandboxed.ts";

let project: TestProject | undefined;
const servers: Server[] = [];
let attempts: NetworkAttempt[];
let lookups: string[];
beforeEach(() => {
  attempts = [];
  lookups = [];
});
afterEach(async () => {
  await project?.remove();
  project = undefined;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A real HTTP server on this machine's loopback. */
async function server(says: string): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const made = createServer((request, response) => {
    seen.push(`${request.headers.host}${request.url}`);
    response.end(says);
  }).listen(0, "127.0.0.1");
  servers.push(made);
  await once(made, "listening");
  return { port: (made.address() as AddressInfo).port, seen };
}

/** A project whose shells reach `entries`; every name's address is `address`, and what lies there is `port` of this machine. */
async function projectWith(
  entries: string[],
  port: number,
  more: { address?: string; runtime?: string; never?: number[] } = {},
) {
  project = await TestProject.create({
    network: {
      allowance: networkAllowance(entries),
      neverPorts: more.never ?? [],
      onAttempt: (attempt) => attempts.push(attempt),
      lookup: async (host) => {
        lookups.push(host);
        return [more.address ?? "203.0.113.7"];
      },
      connect: (address, at) => connect(address === "203.0.113.7" ? port : at, "127.0.0.1"),
      ...(more.runtime === undefined ? {} : { runtime: more.runtime }),
    },
  });
  return project;
}

const GET = "curl -sS -m 5";

sandboxed("sandbox.network", () => {
  test("an allowed host is reached, plainly and by a tunnel; another is refused and not even looked up", async () => {
    const { port, seen } = await server("hello from the registry");
    const at = await projectWith(["registry.test:80", "registry.test:443"], port);
    const run = await at.run(
      at.spec(["src/a/**"]),
      `${GET} http://registry.test/a; echo; ${GET} -p http://registry.test:443/b; echo; ${GET} http://other.test/c; ${GET} -p http://registry.test:8080/d; ${GET} -H 'Host: other.test' http://registry.test/e`,
    );
    expect(run.output).toMatch(
      /hello from the registry\nhello from the registry\naegis: other\.test:80 is not in sandbox\.network/u,
    );
    expect(seen).toEqual(["registry.test/a", "registry.test:443/b", "registry.test/e"]);
    expect(lookups).toEqual(["registry.test", "registry.test", "registry.test"]);
    expect(attempts.map(({ host, port: to, refused }) => `${host}:${to} ${refused === undefined}`)).toEqual([
      "registry.test:80 true",
      "registry.test:443 true",
      "other.test:80 false",
      "registry.test:8080 false",
      "registry.test:80 true",
    ]);
  });

  test("programs that ask no proxy reach nothing, names are not looked up, and no datagram leaves", async () => {
    const resolver = createSocket("udp4");
    const questions: unknown[] = [];
    resolver.on("message", (message) => questions.push(message));
    await new Promise<void>((resolve) => resolver.bind(0, "127.0.0.1", resolve));
    const { port, seen } = await server("x");
    const at = await projectWith(["registry.test"], port);
    const ask = `const d=require('dns');const r=new d.Resolver({timeout:300,tries:1});r.setServers(['127.0.0.1:${resolver.address().port}']);r.resolve4('leak.test',e=>console.log('asked',e.code));d.lookup('registry.test',e=>console.log('looked up',e.code))`;
    const run = await at.run(
      at.spec(["src/a/**"]),
      `${GET} --noproxy '*' http://registry.test/; ${GET} --noproxy '*' http://127.0.0.1:${port}/; ${GET} --noproxy '*' http://203.0.113.7/; node -e "${ask}"; getent hosts registry.test || echo no name`,
    );
    resolver.close();
    expect(run.output).toMatch(/asked E(?:CONNREFUSED|TIMEOUT|NETUNREACH)/u);
    expect(run.output).toMatch(/looked up E/u);
    expect(run.output).toContain("no name");
    expect([questions, seen, lookups, attempts]).toEqual([[], [], [], []]);
  });

  test("a loopback port that is allowed stands at the same place inside, for every program; no other does", async () => {
    const allowed = await server("the database");
    const other = await server("another service");
    const at = await projectWith([`localhost:${allowed.port}`], allowed.port);
    const own = `const s=require('http').createServer((q,r)=>r.end('own')).listen(0,()=>fetch('http://localhost:'+s.address().port).then(r=>r.text()).then(t=>{console.log(t);process.exit()}))`;
    const run = await at.run(
      at.spec(["src/a/**"]),
      `${GET} http://localhost:${allowed.port}/; echo; ${GET} http://127.0.0.1:${other.port}/; ${GET} -p --noproxy '' -x http://127.0.0.1:18129 http://127.0.0.1:${other.port}/; node -e "${own}"`,
    );
    expect(run.output).toContain("the database\n");
    expect(run.output).not.toContain("another service");
    expect(run.output).toContain("403");
    expect(run.output).toContain("own\n");
    expect(other.seen).toEqual([]);
  });

  test("OpenCode's own port is refused though it is listed", async () => {
    const own = await server("answered");
    const at = await projectWith([`localhost:${own.port}`], own.port, { never: [own.port] });
    const run = await at.run(at.spec(["**"], "commander"), `${GET} http://localhost:${own.port}/session`);
    expect(run.exitCode).not.toBe(0);
    expect(own.seen).toEqual([]);
    expect(attempts).toEqual([expect.objectContaining({ refused: expect.stringContaining("OpenCode's own port") })]);
  });

  test.each(["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "0.0.0.0", "no address"])(
    "an allowed name that leads to %s is refused: its owner could aim it at this machine",
    async (address) => {
      const { port, seen } = await server("x");
      const at = await projectWith(["registry.test"], port, { address });
      const run = await at.run(at.spec(["src/a/**"]), `${GET} http://registry.test/`);
      expect(run.output).toContain("leads to this machine itself");
      expect(seen).toEqual([]);
    },
  );

  test("the socket itself gives no more than the proxy does, whatever is written to it", async () => {
    const { port, seen } = await server("x");
    const at = await projectWith(["registry.test"], port);
    const raw = (text: string) =>
      `node -e "const s=require('net').connect('/run/aegis/net',()=>s.write(${text}));s.on('data',d=>console.log(String(d).split('\\r')[0]));s.on('error',()=>0)"`;
    const run = await at.run(
      at.spec(["src/a/**"]),
      [
        raw("'GET / HTTP/1.1\\r\\nHost: registry.test\\r\\n\\r\\n'"),
        raw("'CONNECT 127.0.0.1:22 HTTP/1.1\\r\\n\\r\\n'"),
        raw("'CONNECT registry.test:80 HTTP/1.1\\nX: y\\r\\n\\r\\n'"),
        raw("'x'.repeat(100000)"),
        "rm -f /run/aegis/net; ln -s /tmp/x /run/aegis/forward.mjs; kill -9 $(pgrep -x runtime); echo still here",
      ].join("\n"),
    );
    expect(run.output.match(/HTTP\/1\.1 \d+/gu)).toEqual([
      "HTTP/1.1 400",
      "HTTP/1.1 403",
      "HTTP/1.1 400",
      "HTTP/1.1 400",
    ]);
    expect(run.output).toContain("still here");
    expect(seen).toEqual([]);
  });

  test("Scouts and Librarians have none, and nobody has one by default", async () => {
    const { port } = await server("x");
    const at = await projectWith(["registry.test"], port);
    for (const role of ["scout", "librarian"] as const) {
      const run = await at.run(
        at.spec([], role),
        `ls /run/aegis; echo "proxy=$HTTPS_PROXY"; ${GET} http://registry.test/`,
      );
      expect(run.output).toContain("No such file");
      expect(run.output).toContain("proxy=\n");
      expect(run.exitCode).not.toBe(0);
    }
    await at.remove();
    const plain = await projectWith([], port);
    expect((await plain.run(plain.spec(["src/a/**"]), "ls /run/aegis")).output).toContain("No such file");
  });

  test("where it cannot be set up, the command does not run", async () => {
    const { port } = await server("x");
    for (const runtime of ["/bin/false", "/nonexistent/node"]) {
      const at = await projectWith(["registry.test"], port, { runtime });
      const run = await at.run(at.spec(["src/a/**"]), "touch src/a/ran");
      expect(run.exitCode).not.toBe(0);
      await expect(at.read("src/a/ran")).rejects.toThrow("ENOENT");
      await at.remove();
    }
    project = undefined;
  });
});
