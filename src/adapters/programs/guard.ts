/**
 * A shell program that runs another one and takes everything with it that this one started: `sh -c GUARD guard MARK PROGRAM
 * ARGUMENTS…`. It is fixed; what it runs comes as arguments and is never read as shell text.
 *
 * Its standard input is a line to whoever started it: when that closes, by `kill -9` of the starter or on purpose, the whole
 * process group dies. What left the group (OpenCode's shells do) is found by MARK in its environment, where there is a /proc.
 */
export const GUARD = guard("exec 3<&0 </dev/null", "");

/** The same for a program that is talked to: its standard input is the guard's own, and descriptor 4 is the line. */
export const GUARD_WITH_INPUT = guard("exec 5<&0 3<&4 4<&- </dev/null", "<&5 5<&-");

function guard(lines: string, input: string): string {
  return `
mark=$1; shift
${lines}
sweep() {
  for each in $(grep -lzs "^OMQ_RUN=$mark\\$" /proc/[0-9]*/environ 2>/dev/null); do
    each=\${each#/proc/}
    kill -KILL "\${each%/environ}" 2>/dev/null
  done
}
( trap '' TERM INT HUP; exec 5<&-; read -r _ <&3; sweep; kill -KILL 0 ) >/dev/null 2>&1 &
watch=$!
OMQ_RUN=$mark "$@" ${input} 3<&- &
child=$!
exec 5<&-
trap : TERM INT HUP
while :; do
  wait "$child"; code=$?
  kill -0 "$child" 2>/dev/null || break
done
kill -KILL "$watch" 2>/dev/null
sweep
exit "$code"
`;
}
