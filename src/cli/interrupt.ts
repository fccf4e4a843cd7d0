/**
 * Milliseconds within which several signals are one wish: a terminal sends Ctrl-C to everybody, and npm and our own scripts
 * pass it on once more.
 */
const ONE_WISH_MS = 1_000;

/**
 * Aborted by the first SIGINT, SIGTERM or SIGHUP of this process, so that what runs can be put away. One that comes a second
 * later or more ends the process at once (exit code 130): somebody means it.
 */
export function interruptSignal(): AbortSignal {
  const abort = new AbortController();
  let first: number | undefined;
  // Not `once`: a listener that is gone when execa's own clean-up looks would make it end this process by the signal,
  // before anything was put away.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      first ??= performance.now();
      if (performance.now() - first >= ONE_WISH_MS) process.exit(130);
      abort.abort();
    });
  }
  return abort.signal;
}
