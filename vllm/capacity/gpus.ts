import { z } from "zod";
import data from "./gpus.json" with { type: "json" };

const gpuSchema = z.object({
  id: z.string(),
  name: z.string(),
  gib: z.number().positive(),
  architecture: z.enum(["hopper", "blackwell"]),
  source: z.string(),
});
/** A GPU as data: memory in GiB as CUDA reports it, with the source of the figure. */
export type Gpu = z.infer<typeof gpuSchema>;

const fileSchema = z.object({
  note: z.string(),
  gpus: z.array(gpuSchema),
  overheadGib: z.number().positive(),
  overheadSource: z.string(),
});

/** Every GPU there is data for. */
export function gpus(): readonly Gpu[] {
  return fileSchema.parse(data).gpus;
}

/** GiB that activations, CUDA graphs and libraries take beside weights and KV cache, on one GPU, and where that is from. */
export function memoryOverhead(): { gib: number; source: string } {
  const { overheadGib, overheadSource } = fileSchema.parse(data);
  return { gib: overheadGib, source: overheadSource };
}
