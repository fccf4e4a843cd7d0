#!/bin/sh
# Serves the model with vLLM: the same recipe, flags and AEGIS_* variables as `oh-my-qwencoder start-vllm`, whose options
# it takes (`scripts/start-vllm.sh --dry-run`).
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
command -v node >/dev/null 2>&1 || { echo "start-vllm.sh: node (20.19 or newer) is needed." >&2; exit 1; }
if [ ! -f "$here/../dist/cli.js" ]; then
  echo "start-vllm.sh: this checkout is not built yet; run 'npm ci && npm run build'." >&2
  exit 1
fi
exec node "$here/../bin/oh-my-qwencoder.js" start-vllm "$@"
