import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { runInstall } from "../../src/cli/install/run.ts";
import { recordIo } from "../cli/io.ts";
import { OPENCODE, SHORT_LIVED } from "../e2e/opencodeProgram.ts";
import { type OfflineRun, PROXY, runOffline } from "./namespace.ts";

export const packageDir = fileURLToPath(new URL("../..", import.meta.url));
const PORT = 8099;

/** A person's machine after an install: their home, a project, and a directory that has no configuration of its own. */
export interface Installed {
  project: string;
  elsewhere: string;
  /** Runs `opencode run "say hi"` without a network and with a proxy in the environment. */
  hello(cwd: string, options?: { sourced?: boolean }): Promise<OfflineRun>;
  remove(): Promise<void>;
}

/** Installs as a person does, in a home of its own. The machine-wide one goes to a directory that stands for `/etc`. */
export async function installed(scope: "project" | "global" | "managed"): Promise<Installed> {
  const base = await mkdtemp(path.join(tmpdir(), "aegis-installed-"));
  const [home, project, elsewhere, etc] = ["home", "project", "elsewhere", "etc"].map((name) => path.join(base, name));
  if (!home || !project || !elsewhere || !etc) throw new Error("no directories");
  for (const dir of [home, project, elsewhere, etc]) await mkdir(dir);
  await execa("git", ["init", "-q"], { cwd: project });
  const env: Record<string, string> = {
    PATH: `${path.dirname(OPENCODE)}:${process.env.PATH ?? ""}`,
    HOME: home,
    ...SHORT_LIVED,
    ...(scope === "managed" ? { OPENCODE_TEST_MANAGED_CONFIG_DIR: path.join(etc, "opencode") } : {}),
  };
  const { io, err } = recordIo({ env, cwd: project });
  const options = { yes: true, baseUrl: `http://127.0.0.1:${PORT}/v1`, model: "scripted" };
  const unreachable = { reachable: false as const, reason: "not started yet" };
  await runInstall(
    io,
    { ...options, ...(scope === "project" ? {} : { [scope]: true }) },
    { etc, packageDir, probe: async () => unreachable },
  ).catch((error: unknown) => {
    throw new Error(`install failed: ${err()}`, { cause: error });
  });
  const envFile = {
    project: path.join(project, ".aegis/env.sh"),
    global: path.join(home, ".config/oh-my-qwencoder/env.sh"),
    managed: path.join(etc, "oh-my-qwencoder/env.sh"),
  }[scope];
  return {
    project,
    elsewhere,
    hello: (cwd, { sourced = true } = {}) =>
      runOffline({
        cwd,
        env: { ...env, HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, http_proxy: PROXY, https_proxy: PROXY },
        // A shell's function of that name counts, so no exec.
        command: ["bash", "-c", `${sourced ? `. '${envFile}'; ` : ""}opencode run 'say hi'`],
        timeoutMs: 60_000,
        model: PORT,
      }),
    remove: () => rm(base, { recursive: true, force: true, maxRetries: 5 }),
  };
}
