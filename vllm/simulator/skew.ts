import type { Figures } from "../scheduler/figures.ts";
import { seeded } from "../tune/random.ts";

/** Most that a skewed figure differs from the data file's, as a factor. */
const MOST = 1.3;

/** Figures of a GPU unlike the data file's: each speed up to 30 % faster or slower, by the seed. */
export function skewed(figures: Figures, seed: number): Figures {
  const random = seeded(seed);
  const change = <F extends { value: number }>(figure: F): F => ({
    ...figure,
    value: figure.value * MOST ** (2 * random() - 1),
  });
  return {
    ...figures,
    gpus: Object.fromEntries(
      Object.entries(figures.gpus).map(([id, gpu]) => [
        id,
        {
          bandwidthTBs: gpu.bandwidthTBs,
          linearTflops: change(gpu.linearTflops),
          attentionTflops: change(gpu.attentionTflops),
        },
      ]),
    ),
    bandwidthShare: change(figures.bandwidthShare),
    stepMs: change(figures.stepMs),
    sequenceMs: change(figures.sequenceMs),
  };
}
