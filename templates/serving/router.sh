#!/bin/sh
# {{title}}: {{servers}} servers on this node, and production-stack's router before them: a session stays on its server
# by a hash of the header x-session-affinity, which OpenCode sends with every request.
# Written by `oh-my-qwencoder start-vllm --topology router`. Needs docker for the router.
# Plan: {{plan}}
#   AEGIS_API_KEY=... ./router.sh        then: oh-my-qwencoder install --base-url http://127.0.0.1:{{port}}/v1
set -eu
: "${AEGIS_API_KEY:?set AEGIS_API_KEY: the servers and whoever asks them need it}"
export AEGIS_API_KEY AEGIS_CTX={{context}} AEGIS_BATCH={{batch}} AEGIS_MEM={{utilization}} \
  AEGIS_MODEL={{modelWord}} AEGIS_SERVED_NAME={{servedWord}} \
  AEGIS_KV_DTYPE={{kvWord}} AEGIS_BATCHED_TOKENS={{batchedTokens}} AEGIS_HOST=127.0.0.1
{{#each}}
AEGIS_GPU={{gpus}} AEGIS_PORT={{port}} oh-my-qwencoder start-vllm --recipe {{recipe}} --supervise --wait
{{/each}}
VLLM_API_KEY="$AEGIS_API_KEY"
export VLLM_API_KEY
exec docker run --rm --name aegis-router --network host --env VLLM_API_KEY \
  {{routerImage}} \
  --host 127.0.0.1 --port {{port}} \
  --service-discovery static --static-backends {{backends}} --static-models {{models}} \
  --routing-logic session --session-key x-session-affinity
