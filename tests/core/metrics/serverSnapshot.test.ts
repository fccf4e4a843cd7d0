import fc from "fast-check";
import { expect, it } from "vitest";
import { histogramQuantile } from "../../../src/core/metrics/quantile.ts";
import { readSnapshot } from "../../../src/core/metrics/serverSnapshot.ts";

const V1 = `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_waiting{engine="0",model_name="m"} 2.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 1000.0
vllm:prefix_cache_queries_created{engine="0",model_name="m"} 1.7e+09
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 900.0
vllm:num_preemptions_total{engine="0",model_name="m"} 1.0
vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} 4.0
vllm:request_success_total{engine="0",finished_reason="length",model_name="m"} 1.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.1",model_name="m"} 1.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.25",model_name="m"} 3.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="m"} 4.0
vllm:time_to_first_token_seconds_count{engine="0",model_name="m"} 4.0
vllm:time_to_first_token_seconds_sum{engine="0",model_name="m"} 1.5
vllm:cache_config_info{block_size="544",cache_dtype="auto",enable_prefix_caching="True",engine="0",gpu_memory_utilization="0.92",kv_cache_max_concurrency="15.6",kv_cache_size_tokens="2044723",num_gpu_blocks="3855",swap_space="None"} 1.0
`;

it("reads the names of vLLM V1", () => {
  expect(readSnapshot(V1)).toEqual({
    running: 3,
    waiting: 2,
    kvUsage: 0.25,
    prefixQueries: 1000,
    prefixHits: 900,
    preemptions: 1,
    succeeded: 5,
    ttft: {
      count: 4,
      sum: 1.5,
      buckets: [
        { le: 0.1, count: 1 },
        { le: 0.25, count: 3 },
        { le: Number.POSITIVE_INFINITY, count: 4 },
      ],
    },
    cache: {
      blockSize: 544,
      blocks: 3855,
      dtype: "auto",
      prefixCaching: true,
      utilization: 0.92,
      kvCacheTokens: 2_044_723,
      maxConcurrency: 15.6,
    },
  });
});

it("reads the names of older versions, and what is missing is absent", () => {
  const old = `vllm:num_requests_running{model_name="m"} 1
vllm:gpu_cache_usage_perc{model_name="m"} 0.5
vllm:gpu_prefix_cache_queries{model_name="m"} 10
vllm:gpu_prefix_cache_hits{model_name="m"} 5
vllm:time_per_output_token_seconds_count{model_name="m"} 2
vllm:time_per_output_token_seconds_sum{model_name="m"} 0.1
vllm:cache_config_info{block_size="16",num_gpu_blocks="None",enable_prefix_caching="None"} 1`;
  expect(readSnapshot(old)).toEqual({
    running: 1,
    kvUsage: 0.5,
    prefixQueries: 10,
    prefixHits: 5,
    itl: { count: 2, sum: 0.1, buckets: [] },
    cache: { blockSize: 16 },
  });
});

it("adds the engines of one server up, and takes the fullest pool", () => {
  const two = [0, 1].map(
    (engine) => `vllm:num_requests_running{engine="${engine}"} 4
vllm:kv_cache_usage_perc{engine="${engine}"} 0.${engine + 1}`,
  );
  expect(readSnapshot(two.join("\n"))).toEqual({ running: 8, kvUsage: 0.2 });
});

it("drops what cannot be and keeps the rest", () => {
  const nonsense = `vllm:num_requests_running -1
vllm:num_requests_waiting NaN
vllm:kv_cache_usage_perc 17
vllm:num_preemptions_total 2`;
  expect(readSnapshot(nonsense)).toEqual({ preemptions: 2 });
});

it("never throws, whatever the text", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.constantFrom(...V1.split("\n")).chain((line) => fc.nat(line.length).map((n) => line.slice(0, n))),
        ),
      ),
      (lines) => {
        readSnapshot(lines.join("\n"));
      },
    ),
  );
});

it("finds quantiles inside their buckets", () => {
  const { ttft } = readSnapshot(V1);
  if (!ttft) throw new Error("no histogram");
  expect(histogramQuantile(ttft, 0.5)).toBeCloseTo(0.175);
  expect(histogramQuantile(ttft, 0.99)).toBe(0.25);
  expect(histogramQuantile({ count: 0, sum: 0, buckets: [] }, 0.5)).toBeUndefined();
});
