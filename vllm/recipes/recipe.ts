import { z } from "zod";
import coderNext from "./models/qwen3-coder-next.json" with { type: "json" };
import tinyModel from "./models/tiny.json" with { type: "json" };
import fourBitH100 from "./qwen3-coder-next-4bit-h100.json" with { type: "json" };
import fourBitH100x2 from "./qwen3-coder-next-4bit-h100x2.json" with { type: "json" };
import fourBitH200 from "./qwen3-coder-next-4bit-h200.json" with { type: "json" };
import fourBitRtx from "./qwen3-coder-next-4bit-rtx-pro-6000.json" with { type: "json" };
import fp8H100x2 from "./qwen3-coder-next-fp8-h100x2.json" with { type: "json" };
import fp8H200 from "./qwen3-coder-next-fp8-h200.json" with { type: "json" };
import fp8H200x2 from "./qwen3-coder-next-fp8-h200x2.json" with { type: "json" };
import fp8Rtx from "./qwen3-coder-next-fp8-rtx-pro-6000.json" with { type: "json" };
import fp8Rtx2 from "./qwen3-coder-next-fp8-rtx-pro-6000x2.json" with { type: "json" };
import tiny from "./tiny.json" with { type: "json" };

const recipeSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  /** The same in Korean. */
  titleKo: z.string(),
  /** Hugging Face name or a directory. */
  model: z.string(),
  /** GiB of all weights together. */
  weightsGib: z.number().positive(),
  weightsSource: z.string(),
  weightsSourceKo: z.string(),
  /** Key of `modelConfig`. */
  modelConfig: z.enum(["qwen3-coder-next", "tiny"]),
  servedName: z.string(),
  /** Id in vllm/capacity/gpus.json; null: none needed. */
  gpu: z.string().nullable(),
  tensorParallel: z.number().int().positive(),
  kvDtype: z.enum(["bf16", "fp8"]),
  /** Tokens. */
  context: z.number().int().positive(),
  utilization: z.number().gt(0).max(1),
  maxNumSeqs: z.number().int().positive(),
  maxNumBatchedTokens: z.number().int().positive(),
  mambaCacheMode: z.enum(["none", "align"]),
  /** Further flags, each with its values. */
  flags: z.array(z.array(z.string()).min(1)),
  notes: z.array(z.string()),
});

/** How to serve one model on one kind of machine. */
export type Recipe = z.infer<typeof recipeSchema>;

/** The recipe used where none is named. */
export const DEFAULT_RECIPE = "qwen3-coder-next-fp8-h200";

/** Every recipe; throws where a data file does not fit its schema. */
export function recipes(): readonly Recipe[] {
  const files = [
    fp8H200,
    fp8H200x2,
    fp8H100x2,
    fp8Rtx,
    fp8Rtx2,
    fourBitH200,
    fourBitH100,
    fourBitH100x2,
    fourBitRtx,
    tiny,
  ];
  return z.array(recipeSchema).parse(files);
}

/** Whether its checkpoint has 4-bit weights: the kind in the middle of its id. */
export const isFourBit = ({ id }: Pick<Recipe, "id">): boolean => id.includes("-4bit-");

export function findRecipe(id: string): Recipe | undefined {
  return recipes().find((recipe) => recipe.id === id);
}

/** The fields of a recipe's `config.json` that planning needs. */
export function modelConfig(key: Recipe["modelConfig"]): Record<string, unknown> {
  return key === "tiny" ? tinyModel : coderNext;
}
