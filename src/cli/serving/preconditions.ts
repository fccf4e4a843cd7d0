import { gpus } from "../../../vllm/capacity/gpus.ts";
import { gpuMemory, localModelConfig } from "../../../vllm/server/machine.ts";
import type { NoticeCode } from "../../../vllm/server/notice.ts";
import { portIsFree } from "../../adapters/programs/portIsFree.ts";
import type { Io } from "../io.ts";
import type { ServeCommand } from "./serveCommand.ts";

/** Something that would make a start fail: a warning in a dry run, a failure else. */
export interface Obstacle {
  code: Extract<NoticeCode, "vllmMissing" | "portTaken" | "gpuMissing" | "gpuMemory" | "modelMissing">;
  values: Record<string, string | number>;
  /** A start need not be refused: vLLM would help itself. */
  mild: boolean;
}

const gib = (value: number): number => Math.round(value * 10) / 10;

async function gpuObstacles(io: Io, command: ServeCommand): Promise<Obstacle[]> {
  const { recipe, settings } = command;
  if (recipe.gpu === null) return [];
  const seen = await gpuMemory(io.env);
  const name = gpus().find((one) => one.id === recipe.gpu)?.name ?? recipe.gpu;
  if (!seen || seen.length === 0) return [{ code: "gpuMissing", values: { gpu: name }, mild: false }];
  const wanted = settings.gpus?.split(",");
  const used = wanted
    ? seen.filter((one) => wanted.includes(one.index) || wanted.includes(one.uuid))
    : seen.slice(0, recipe.tensorParallel);
  // As vLLM itself checks it: free memory below the share it was told to take ends the start.
  return used
    .filter((one) => one.freeGib < one.totalGib * settings.utilization)
    .map((one) => ({
      code: "gpuMemory",
      values: {
        index: one.index,
        free: gib(one.freeGib),
        wanted: gib(one.totalGib * settings.utilization),
        total: gib(one.totalGib),
        util: settings.utilization,
        fit: Math.floor((one.freeGib / one.totalGib) * 100) / 100,
      },
      mild: false,
    }));
}

/**
 * What stands in the way of a start. Loads no model, starts nothing.
 *
 * @param simulated the simulated vLLM is to start, which needs its port and neither GPU nor weights
 */
export async function obstacles(io: Io, command: ServeCommand, simulated = false): Promise<Obstacle[]> {
  const { settings } = command;
  const list: Obstacle[] = [];
  if (!command.found) list.push({ code: "vllmMissing", values: { looked: command.looked }, mild: false });
  if (!(await portIsFree(command.host, command.port)))
    list.push({ code: "portTaken", values: { host: command.host, port: command.port }, mild: false });
  if (simulated) return list;
  list.push(...(await gpuObstacles(io, command)));
  if ((await localModelConfig(settings.model, io.env, io.cwd)) === undefined) {
    const offline = /^(1|on|yes|true)$/i.test(io.env.HF_HUB_OFFLINE ?? "");
    list.push({ code: "modelMissing", values: { model: settings.model }, mild: !offline });
  }
  return list;
}
