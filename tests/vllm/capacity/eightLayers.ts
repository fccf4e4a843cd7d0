/** Eight layers of qwen3_next, small enough for a CPU: what `npm run test:vllm` serves, as far as capacity asks. */
export const EIGHT_LAYERS = {
  num_hidden_layers: 8,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 64,
  hidden_size: 128,
  full_attention_interval: 4,
  linear_num_key_heads: 2,
  linear_num_value_heads: 4,
  linear_key_head_dim: 64,
  linear_value_head_dim: 64,
  linear_conv_kernel_dim: 4,
};
