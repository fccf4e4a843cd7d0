import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDashboard } from "../../../src/cli/dashboard/run.ts";
import { recordIo } from "../io.ts";

/** A dashboard that runs in this process. */
export interface Served {
  url: string;
  base: string;
  token: string;
  err: string;
  close(): Promise<void>;
}

/** Serves the dashboard of `project`, as the command does. */
export async function serve(
  project: string,
  home: string,
  more: { host?: string; port?: number; token?: string } = {},
): Promise<Served> {
  const stop = new AbortController();
  const own = more.token === undefined ? {} : { AEGIS_DASHBOARD_TOKEN: more.token };
  const env = { PATH: process.env.PATH ?? "", HOME: home, ...own };
  const { io, out, err } = recordIo({ cwd: project, env, signal: stop.signal });
  const ended = runDashboard(io, { port: more.port ?? 0, host: more.host ?? "127.0.0.1", open: false, json: true });
  const printed = await Promise.race([
    ended.then(() => Promise.reject(new Error("it ended before it began"))),
    new Promise<string>((resolve) => {
      const look = setInterval(() => {
        if (out() === "") return;
        clearInterval(look);
        resolve(out());
      }, 5);
    }),
  ]);
  const { url, token } = JSON.parse(printed) as { url: string; token: string };
  return {
    ...{ url, token, err: err(), base: url.replace(/\/#.*$/, "") },
    close: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** A directory for a project and a home. */
export function place(): { dir: string; project: string; home: string; remove(): void } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-dashboard-")));
  const project = join(dir, "project");
  mkdirSync(project);
  return { dir, project, home: join(dir, "home"), remove: () => rmSync(dir, { recursive: true, force: true }) };
}
