// Runs inside the sandbox, whose own loopback is all the network there is: carries connections to the allow-listing proxy
// outside over a Unix socket. It decides nothing: what may be reached is the proxy's to say.
// Arguments: the socket, the port of the HTTP proxy, ports of the host's loopback shown here under the same number.
import { connect, createServer } from "node:net";

const [socket, proxyPort, ...ports] = process.argv.slice(2);

/** Both ends of a pair end together. */
function join(one, other) {
  one.pipe(other).pipe(one);
  one.on("error", () => other.destroy());
  other.on("error", () => one.destroy());
}

function toProxy(client) {
  join(client, connect(socket));
}

/** Asks the proxy for the port. The client's words follow at once; of the answers the proxy's own head is left out. */
function toPort(port, client) {
  const upstream = connect(socket);
  upstream.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`);
  client.pipe(upstream);
  let head = Buffer.alloc(0);
  let agreed = false;
  upstream.on("data", (chunk) => {
    let rest = chunk;
    if (!agreed) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1 && head.length < 16_384) return;
      if (!head.toString("latin1").startsWith("HTTP/1.1 200")) return client.destroy();
      agreed = true;
      rest = head.subarray(end + 4);
    }
    if (rest.length === 0 || client.write(rest)) return;
    upstream.pause();
    client.once("drain", () => upstream.resume());
  });
  upstream.on("end", () => client.end());
  upstream.on("close", () => client.destroy());
  upstream.on("error", () => client.destroy());
  client.on("close", () => upstream.destroy());
  client.on("error", () => upstream.destroy());
}

/** On both loopback addresses: programs ask for `localhost` in either order. Without IPv6 the other one is enough. */
async function listen(port, serve) {
  const on = (host) =>
    new Promise((resolve) => {
      const server = createServer(serve);
      server.once("error", () => resolve(false));
      server.listen(Number(port), host, () => resolve(true));
    });
  const [v4] = await Promise.all([on("127.0.0.1"), on("::1")]);
  if (!v4) throw new Error(`port ${port} cannot be opened inside the sandbox`);
}

await listen(proxyPort, toProxy);
for (const port of ports) await listen(port, (client) => toPort(port, client));
process.stdout.write("ready\n");
