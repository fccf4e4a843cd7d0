// Runs one command inside a network namespace and records every way out it tries. Plain JavaScript, because it is started
// by `node` inside the namespace. Argument: a JSON object `{cwd, env, command, out, trace?, timeoutMs, model?}`.
// Writes to `out`: what the command said, and what was recorded.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer as createTcp } from "node:net";

const task = JSON.parse(process.argv[2]);
/** Names asked for, requests to the proxy, requests to the model with the milliseconds since the command's start. */
const seen = { names: [], proxied: [], model: [] };

/** The resolver of /etc/resolv.conf in here: notes the name and says that it does not exist. */
async function resolver() {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    seen.names.push(nameOf(query));
    const answer = Buffer.from(query);
    answer.writeUInt16BE(0x8183, 2);
    socket.send(answer, from.port, from.address);
  });
  socket.bind(53, "127.0.0.53");
  await once(socket, "listening");
  const stream = createTcp((client) => {
    client.on("error", () => client.destroy());
    client.once("data", (data) => seen.names.push(nameOf(data.subarray(2))));
    client.setTimeout(1_000, () => client.destroy());
  }).listen(53, "127.0.0.53");
  await once(stream, "listening");
}

function nameOf(query) {
  const labels = [];
  for (let at = 12; at < query.length && query[at] > 0; at += query[at] + 1) {
    labels.push(query.subarray(at + 1, at + 1 + query[at]).toString());
  }
  return labels.join(".");
}

/** A proxy that lets nothing through. */
async function proxy() {
  const server = createHttp((request, response) => {
    seen.proxied.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on("connect", (request, socket) => {
    seen.proxied.push(`CONNECT ${request.url}`);
    // Whoever was refused may hang up hard.
    socket.on("error", () => socket.destroy());
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  server.listen(3128, "127.0.0.1");
  await once(server, "listening");
}

/** A model that says one sentence. Scripted: it shows where requests go, nothing else. */
async function model() {
  const server = createHttp((request, response) => {
    if (request.method !== "POST") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data: [{ id: "scripted", object: "model" }] }));
      return;
    }
    request.resume().on("end", () => {
      seen.model.push({ ms: Math.round(performance.now() - begun), host: request.headers.host, path: request.url });
      response.setHeader("content-type", "text/event-stream");
      const chunk = (delta, finish_reason = null) =>
        response.write(
          `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "scripted", choices: [{ index: 0, delta, finish_reason }] })}\n\n`,
        );
      chunk({ role: "assistant", content: "Scripted: hello." });
      chunk({}, "stop");
      response.end("data: [DONE]\n\n");
    });
  });
  server.listen(task.model, "127.0.0.1");
  await once(server, "listening");
}

/** The kernel's count of packets that found no route: in here that is every address but loopback, whoever tried it. */
function noRoutes() {
  const value = (file, name) => {
    const lines = readFileSync(file, "utf8").split("\n");
    if (file.endsWith("snmp6")) return Number(lines.find((line) => line.startsWith(name))?.split(/\s+/)[1] ?? 0);
    const [head, values] = lines.filter((line) => line.startsWith("Ip:")).map((line) => line.split(" "));
    return Number(values[head.indexOf(name)]);
  };
  return { v4: value("/proc/net/snmp", "OutNoRoutes"), v6: value("/proc/net/snmp6", "Ip6OutNoRoutes") };
}

await resolver();
await proxy();
if (task.model) await model();
const before = noRoutes();
const traced =
  task.trace === undefined
    ? task.command
    : [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        "trace=connect,sendto,sendmsg,sendmmsg",
        "-e",
        "signal=none",
      ].concat(["-s", "256", "-o", task.trace, ...task.command]);
const begun = performance.now();
const child = spawn(traced[0], traced.slice(1), { cwd: task.cwd, env: task.env, stdio: ["ignore", "pipe", "pipe"] });
const said = { out: "", err: "" };
child.stdout.on("data", (data) => (said.out += data));
child.stderr.on("data", (data) => (said.err += data));
const end = (code, signal) => {
  const after = noRoutes();
  const report = {
    code,
    signal,
    ms: Math.round(performance.now() - begun),
    stdout: said.out,
    stderr: said.err.slice(-20_000),
    ...seen,
    noRoute: { v4: after.v4 - before.v4, v6: after.v6 - before.v6 },
  };
  writeFileSync(task.out, JSON.stringify(report));
  // Whatever still runs ends with this process: it is the first of its process namespace.
  process.exit(0);
};
setTimeout(() => end(null, "TIMEOUT"), task.timeoutMs);
child.once("close", end);
