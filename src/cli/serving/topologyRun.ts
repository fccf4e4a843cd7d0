import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { planCapacity } from "../../../vllm/capacity/plan.ts";
import { checkArgv } from "../../../vllm/recipes/checkArgv.ts";
import { recipePlan } from "../../../vllm/recipes/recipePlan.ts";
import { BadValue } from "../../../vllm/server/words.ts";
import { renderTopology, TOPOLOGIES, type Topology, type TopologyFile } from "../../../vllm/topology/topology.ts";
import { hasCode } from "../../ports/thrown.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { packageRoot } from "../packageRoot.ts";
import { fitted } from "../textWidth.ts";
import { recipeOrFail } from "./planReport.ts";
import { badValue, settingsOf, shapeOf, wordNotice } from "./serveCommand.ts";

/** What `start-vllm --topology` was told. */
export interface TopologyFlags {
  recipe?: string;
  topology: Topology;
  servers?: number;
  workers: number;
  out?: string;
  json?: boolean;
}

const count = (value: number): string => value.toLocaleString("en-US");

/** Servers to write where nobody says: what holds the swarm behind a hash, and never fewer than two. */
const DEFAULT_SERVERS = 2;

async function make(io: Io, flags: TopologyFlags, extra: readonly string[]) {
  const recipe = recipeOrFail(io, flags.recipe);
  const { settings, notices } = await settingsOf(io, recipe, extra);
  checkArgv(settings.extra);
  const shape = await shapeOf(io, recipe, settings.model);
  const plan = shape
    ? planCapacity({
        ...recipePlan(recipe, flags.workers),
        shape,
        context: settings.context,
        util: settings.utilization,
        kvDtype: settings.kvCacheDtype.startsWith("fp8") ? "fp8" : "bf16",
      })
    : undefined;
  const servers = flags.servers ?? Math.max(DEFAULT_SERVERS, plan?.advice?.routed_servers ?? DEFAULT_SERVERS);
  const gpus = settings.gpus?.split(",");
  const needed = servers * recipe.tensorParallel;
  if (gpus && gpus.length < needed)
    throw new BadValue(`AEGIS_GPU=${gpus.join(",")}: ${servers} servers of ${recipe.id} need ${needed} GPUs`);
  // Words of the files, which are read by whoever runs them, in English as their comments are.
  const held = plan?.max_concurrency;
  const line =
    held === null || held === undefined
      ? "unknown (the recipe names no GPU, or the model's config is not on this machine)"
      : `a server holds ${held.toFixed(1)} sessions of ${count(settings.context)} tokens; ${flags.workers} Workers have ${plan?.sessions}, with Librarians ${plan?.most_sessions}`;
  const file = TOPOLOGIES[flags.topology];
  const template = await readFile(join(packageRoot().dir, "templates", "serving", file), "utf8");
  const rendered = renderTopology({
    topology: flags.topology,
    template,
    recipe,
    settings,
    servers,
    gpus,
    plan: line,
  });
  return { rendered, servers, warnings: [...notices, ...rendered.notices].map((one) => wordNotice(io, one)) };
}

async function write(io: Io, dir: string, file: TopologyFile): Promise<string> {
  const path = join(resolve(io.cwd, dir), file.name);
  try {
    await mkdir(resolve(io.cwd, dir), { recursive: true });
    await writeFile(path, file.content, { mode: file.executable ? 0o755 : 0o644, flag: "wx" });
  } catch (error) {
    if (hasCode(error, "EEXIST"))
      throw new CliFailure(say(io.lang, "topology.exists", { path }), { next: say(io.lang, "topology.exists.next") });
    throw error;
  }
  return path;
}

/** Prints the files that serve a recipe with several GPUs or servers, or writes them to `--out`. Starts nothing. */
export async function runTopology(io: Io, flags: TopologyFlags, extra: readonly string[]): Promise<void> {
  try {
    const { rendered, servers, warnings } = await make(io, flags, extra);
    const path = flags.out === undefined ? undefined : await write(io, flags.out, rendered);
    if (flags.json) {
      const { name, content } = rendered;
      writeJson(io, { topology: flags.topology, servers, file: path ?? name, content, warnings });
      return;
    }
    if (path === undefined) io.stdout.write(rendered.content);
    else io.stdout.write(`${say(io.lang, "topology.written", { path })}\n`);
    for (const text of warnings)
      io.stderr.write(`${fitted(io, `${paint(io, "yellow", say(io.lang, "warning"))} ${text}`, 2)}\n`);
  } catch (error) {
    if (error instanceof BadValue) throw badValue(io, error.message);
    throw error;
  }
}
