import { createServer } from "node:net";

/** Whether a port can be bound. */
export function portIsFree(host: string, port: number): Promise<boolean> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      // An address of another machine is for the program that binds it to report; a taken port is ours.
      if (error.code === "EADDRINUSE" || error.code === "EACCES") done(false);
      else if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") done(true);
      else fail(error);
    });
    probe.listen({ port, host: host.replace(/^\[|\]$/g, ""), exclusive: true }, () => probe.close(() => done(true)));
  });
}
