/** One metric as it is told and documented. */
export interface MetricRow {
  name: `aegis_${string}`;
  type: "gauge" | "counter" | "histogram";
  labels: readonly string[];
  help: string;
}

const row = (name: MetricRow["name"], type: MetricRow["type"], labels: readonly string[], help: string): MetricRow => ({
  name,
  type,
  labels,
  help,
});

/** Every metric of `/metrics`, in base units; docs/observability.md has the same table. */
export const METRICS = [
  row("aegis_build_info", "gauge", ["version"], "1, with the version of the program."),
  row("aegis_swarm_info", "gauge", ["swarm", "phase"], "1, with the newest swarm's id and phase."),
  row("aegis_swarm_over", "gauge", [], "1 where the newest swarm is done or aborted."),
  row("aegis_swarm_driven", "gauge", [], "1 while an OpenCode drives the swarm."),
  row("aegis_swarm_question", "gauge", [], "1 while a person is asked something."),
  row("aegis_swarm_duration_seconds", "gauge", [], "Time since the swarm began, until its end."),
  row("aegis_swarm_phase_seconds", "gauge", ["phase"], "Time the swarm was in each phase so far."),
  row("aegis_swarm_events", "gauge", [], "Events in the swarm's log."),
  row(
    "aegis_swarm_session_seconds",
    "gauge",
    ["role", "activity"],
    "Time of the swarm's sessions at the model, in tools, waiting for the GPU.",
  ),
  row("aegis_workers", "gauge", ["status"], "Workers of the swarm by status."),
  row("aegis_worker_tokens", "gauge", ["worker"], "Tokens each Worker has used."),
  row("aegis_server_running_requests", "gauge", ["server"], "Requests the model server works on."),
  row("aegis_server_waiting_requests", "gauge", ["server"], "Requests in the model server's queue."),
  row("aegis_server_kv_cache_usage_ratio", "gauge", ["server"], "Share of the KV cache in use."),
  row(
    "aegis_server_prefix_cache_hit_ratio",
    "gauge",
    ["server"],
    "Share of the prompts' tokens that the prefix cache had.",
  ),
  row("aegis_server_output_tokens_per_second", "gauge", ["server"], "Tokens of answers over the last seconds."),
  row("aegis_server_prompt_tokens_per_second", "gauge", ["server"], "Tokens of prompts over the last seconds."),
  row(
    "aegis_requests_total",
    "counter",
    ["provider", "agent", "outcome"],
    "Model requests of this user, by how they ended.",
  ),
  row("aegis_request_tokens_total", "counter", ["provider", "agent", "direction"], "Tokens of model requests."),
  row(
    "aegis_request_cache_hits_total",
    "counter",
    ["provider", "agent"],
    "Model requests whose prompt a prefix cache had in part.",
  ),
  row(
    "aegis_request_cost_dollars_total",
    "counter",
    ["provider", "agent"],
    "List price of the tokens, where one is known; electricity is not in it.",
  ),
  row(
    "aegis_request_duration_seconds",
    "histogram",
    ["provider"],
    "Time from sending a model request to the end of its answer.",
  ),
  row("aegis_limit_used_ratio", "gauge", ["window"], "Fullest known limit of each length."),
] as const satisfies readonly MetricRow[];
export type MetricName = (typeof METRICS)[number]["name"];

/** Upper bounds of the histogram (s): from a cached answer to one that fills its output. */
export const DURATION_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320] as const;
