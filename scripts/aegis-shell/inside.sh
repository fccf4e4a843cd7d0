# Runs first inside the sandbox, as its only shell: sets what counts per sandbox, then runs the command.
# Arguments: most processes, most seconds, ports to forward (each may be empty), then the command's own.
processes=$1 seconds=$2 ports=$3
shift 3

# The process limit counts per user and namespace: set here, it counts this sandbox alone. The kernel exempts root.
[ -n "$processes" ] && [ "$EUID" -ne 0 ] && ulimit -u "$processes" 2>/dev/null

if [ -n "$ports" ]; then
  # In / because a Bun would read a bunfig.toml where it starts.
  exec 8< <(cd / && BUN_BE_BUN=1 exec /run/aegis/runtime /run/aegis/forward.mjs /run/aegis/net $ports 2>&1 </dev/null)
  read -r -t 20 -u 8 state
  exec 8<&-
  if [ "$state" != ready ]; then
    printf 'aegis: this command was not run: sandbox.network could not be set up: %s\n' "$state" >&2
    printf 'aegis: Tell the person; `oh-my-qwencoder doctor` looks at the sandbox.\n' >&2
    exit 126
  fi
fi

[ -z "$seconds" ] && exec /bin/bash "$@"
SECONDS=0
# Its parent, this shell, is what the sandbox lives by: whoever kills either of them ends everything.
timeout -s KILL "$seconds" /bin/bash "$@"
code=$?
[ "$SECONDS" -ge "$seconds" ] && printf 'aegis: ended after %s s, the longest a command may run.\n' "$seconds" >&2
exit "$code"
