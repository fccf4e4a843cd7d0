import { z } from "zod";

const positive = z.number().int().positive();

/** The fields of a Hugging Face `config.json` that decide how much memory a model needs. Others pass through unread. */
const textConfigSchema = z.looseObject({
  model_type: z.string().optional(),
  architectures: z.array(z.string()).optional(),
  num_hidden_layers: positive,
  num_attention_heads: positive,
  num_key_value_heads: positive.optional(),
  head_dim: positive.nullish(),
  hidden_size: positive,
  intermediate_size: positive.nullish(),
  vocab_size: positive.optional(),
  tie_word_embeddings: z.boolean().optional(),
  max_position_embeddings: positive.optional(),
  dtype: z.string().nullish(),
  torch_dtype: z.string().nullish(),
  kv_lora_rank: positive.nullish(),
  layer_types: z.array(z.string()).nullish(),
  sliding_window: positive.nullish(),
  use_sliding_window: z.boolean().nullish(),
  full_attention_interval: positive.nullish(),
  linear_num_key_heads: positive.nullish(),
  linear_num_value_heads: positive.nullish(),
  linear_key_head_dim: positive.nullish(),
  linear_value_head_dim: positive.nullish(),
  linear_conv_kernel_dim: positive.nullish(),
  mamba_ssm_dtype: z.string().nullish(),
  num_experts: positive.nullish(),
  num_local_experts: positive.nullish(),
  moe_intermediate_size: positive.nullish(),
  shared_expert_intermediate_size: z.number().int().min(0).nullish(),
  decoder_sparse_step: positive.nullish(),
  mlp_only_layers: z.array(z.number().int()).nullish(),
  attn_output_gate: z.boolean().nullish(),
  quantization_config: z
    .looseObject({
      quant_method: z.string().optional(),
      bits: z.number().optional(),
      weight_bits: z.number().optional(),
    })
    .nullish(),
});

/** Several vision-language models keep the language model's fields one level down. */
const configSchema = z.union([
  z.looseObject({ text_config: textConfigSchema, quantization_config: z.unknown().optional() }),
  textConfigSchema,
]);

/** The recurrent half of a hybrid model: gated delta net layers. */
export interface GdnShape {
  layers: number;
  keyHeads: number;
  valueHeads: number;
  keyHeadDim: number;
  valueHeadDim: number;
  convKernel: number;
  /** Bytes of one element of the recurrent (SSM) state; undefined: as wide as the convolution state. */
  ssmBytes: number | undefined;
}

/** What memory planning needs to know of a model. */
export interface ModelShape {
  modelType: string;
  layers: number;
  attentionLayers: number;
  kvHeads: number;
  headDim: number;
  gdn: GdnShape | undefined;
  /** Bytes of one element in the model's own data type. */
  dtypeBytes: number;
  /** Tokens; undefined where the config does not say. */
  maxPositions: number | undefined;
  config: z.infer<typeof textConfigSchema>;
}

/** A `config.json` that cannot be planned for; the message says which field and why. */
export class UnplannableModel extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnplannableModel";
  }
}

// vLLM serves float32 checkpoints in 16 bits unless told otherwise, so they count as two bytes too.
const bytesOfDtype: Record<string, number> = { bfloat16: 2, float16: 2, float32: 2, half: 2 };

function gdnOf(config: ModelShape["config"], layers: number): GdnShape {
  const need = (name: string, value: number | null | undefined): number => {
    if (value === null || value === undefined)
      throw new UnplannableModel(`the config has linear attention layers and no ${name}`);
    return value;
  };
  const ssm = config.mamba_ssm_dtype;
  return {
    layers,
    keyHeads: need("linear_num_key_heads", config.linear_num_key_heads),
    valueHeads: need("linear_num_value_heads", config.linear_num_value_heads),
    keyHeadDim: need("linear_key_head_dim", config.linear_key_head_dim),
    valueHeadDim: need("linear_value_head_dim", config.linear_value_head_dim),
    convKernel: need("linear_conv_kernel_dim", config.linear_conv_kernel_dim),
    ssmBytes: ssm === null || ssm === undefined || ssm === "auto" ? undefined : ssm === "float32" ? 4 : 2,
  };
}

/** Attention and linear layers, from the list of layer types or from the interval, as vLLM's qwen3_next reads them. */
function layerCounts(config: ModelShape["config"]): { attention: number; linear: number } {
  const total = config.num_hidden_layers;
  if (config.layer_types) {
    const types = config.layer_types;
    const linear = types.filter((type) => type === "linear_attention").length;
    const attention = types.filter((type) => type === "full_attention").length;
    const other = types.find((type) => type !== "linear_attention" && type !== "full_attention");
    if (other !== undefined)
      throw new UnplannableModel(
        `layers of type ${JSON.stringify(other)} are not covered (full and linear attention are)`,
      );
    return { attention, linear };
  }
  if (config.linear_num_value_heads) {
    const interval = config.full_attention_interval ?? 4;
    const attention = Math.floor(total / interval);
    return { attention, linear: total - attention };
  }
  if (config.sliding_window && config.use_sliding_window !== false && config.model_type !== "mistral")
    throw new UnplannableModel("sliding-window attention is not covered: its KV cache is smaller than this would say");
  return { attention: total, linear: 0 };
}

/**
 * Reads a Hugging Face `config.json`: hybrids with gated delta net layers (qwen3_next, qwen3_5), dense models with grouped
 * query attention and mixtures of experts without latent attention.
 *
 * @param input the parsed JSON
 * @throws UnplannableModel where a field is missing or the architecture is not covered
 */
export function modelShape(input: unknown): ModelShape {
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) {
    const issue = z.prettifyError(parsed.error).split("\n").slice(0, 4).join(" ");
    throw new UnplannableModel(`not a config.json of a language model: ${issue}`);
  }
  const outer = parsed.data;
  const nested = "text_config" in outer ? textConfigSchema.safeParse(outer.text_config) : undefined;
  const quantization = textConfigSchema.shape.quantization_config.safeParse(outer.quantization_config);
  const base = nested?.success ? nested.data : textConfigSchema.parse(outer);
  const config =
    base.quantization_config || !quantization.success ? base : { ...base, quantization_config: quantization.data };
  if (config.kv_lora_rank) throw new UnplannableModel("multi-head latent attention (MLA) is not covered");
  const { attention, linear } = layerCounts(config);
  if (attention === 0) throw new UnplannableModel("the config has no full-attention layer");
  const dtype = config.dtype ?? config.torch_dtype ?? "bfloat16";
  return {
    modelType: config.model_type ?? config.architectures?.[0] ?? "unknown",
    layers: config.num_hidden_layers,
    attentionLayers: attention,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim: config.head_dim ?? Math.floor(config.hidden_size / config.num_attention_heads),
    gdn: linear === 0 ? undefined : gdnOf(config, linear),
    dtypeBytes: bytesOfDtype[dtype] ?? 2,
    maxPositions: config.max_position_embeddings,
    config,
  };
}
