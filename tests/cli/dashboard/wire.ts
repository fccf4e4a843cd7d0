import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy between a browser and the dashboard, that can be cut or made dead. */
export interface Wire {
  /** What the browser is told of it. */
  server: string;
  /** Ends what runs over it at once; it may be used again. */
  cut(): void;
  /** What runs over it now stays open, and nothing comes any more. */
  freeze(): void;
  close(): Promise<void>;
}

export async function startWire(): Promise<Wire> {
  const answers = new Set<ServerResponse>();
  const frozen = new Set<ServerResponse>();
  const server = createServer((asked, answer) => {
    // A browser gives a proxy the whole address; the head of it stays as it is.
    const onward = request(asked.url ?? "", { method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.on("data", (chunk: Buffer) => {
        if (!frozen.has(answer)) answer.write(chunk);
      });
      got.on("end", () => answer.end());
      got.on("error", () => answer.destroy());
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
    answers.add(answer);
    answer.on("close", () => {
      answers.delete(answer);
      onward.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server: `http://127.0.0.1:${port}`,
    cut: () => {
      for (const answer of answers) answer.destroy();
    },
    freeze: () => {
      for (const answer of answers) frozen.add(answer);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
