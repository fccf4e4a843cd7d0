import { z } from "zod";
import data from "./figures.json" with { type: "json" };

const figure = z.strictObject({
  value: z.number().positive(),
  kind: z.enum(["datasheet", "derived", "estimate"]),
  source: z.string().min(10),
});
const gpu = z.strictObject({
  /** Memory bandwidth in TB/s (10^12 bytes). */
  bandwidthTBs: figure,
  /** What linear layers of a prefill reach, in TFLOPS. */
  linearTflops: figure,
  /** What attention of a prefill reaches, in TFLOPS. */
  attentionTflops: figure,
});
const file = z.strictObject({
  note: z.string(),
  gpus: z.record(z.string(), gpu),
  /** Part of the bandwidth that a decode step reaches. */
  bandwidthShare: figure,
  /** Milliseconds of a step beside reading memory and computing. */
  stepMs: figure,
  /** Milliseconds more for each sequence in a step. */
  sequenceMs: figure,
  /** Milliseconds of a request outside the engine. */
  requestMs: figure,
  tensorParallelShare: figure,
  /** MiB of activations for each token of max-num-batched-tokens. */
  batchedTokenMib: figure,
  /** MiB for each sequence of max-num-seqs. */
  sequenceMib: figure,
});

/** The figures behind the scheduler model, each with its source. */
export type Figures = z.infer<typeof file>;

/** Reads the data file. Throws where it does not fit its schema. */
export const figures = (): Figures => file.parse(data);
