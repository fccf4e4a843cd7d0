#!/bin/sh
# {{title}}: one vLLM with {{servers}} replicas on one node (data parallel), one address.
# Written by `oh-my-qwencoder start-vllm --topology data-parallel`; takes its further options (--wait, --supervise).
# Plan: {{plan}}
# vLLM sends each request to the replica where least waits, so a session meets another replica's prefix cache; and the
# expert layers of a mixture of experts run in step over all replicas. For agents prefer `--topology router`.
set -eu
export AEGIS_GPU={{gpus}} AEGIS_PORT={{port}} AEGIS_CTX={{context}} AEGIS_BATCH={{batch}} AEGIS_MEM={{utilization}} \
  AEGIS_MODEL={{modelWord}} AEGIS_SERVED_NAME={{servedWord}} \
  AEGIS_KV_DTYPE={{kvWord}} AEGIS_BATCHED_TOKENS={{batchedTokens}}
exec oh-my-qwencoder start-vllm --recipe {{recipe}} "$@" -- --data-parallel-size {{servers}}
