/** The next chunk, undefined at the end. @throws when the server is silent for too long, or the caller leaves. */
export async function nextOf(
  rest: ReadableStreamDefaultReader<Uint8Array> | undefined,
  { caller, silenceMs }: { caller: AbortSignal; silenceMs: number },
): Promise<Uint8Array | undefined> {
  if (!rest) return undefined;
  // A signal that is aborted already tells no listener.
  caller.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let leave: (() => void) | undefined;
  const interrupted = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException(`silent for ${silenceMs / 1000} s.`, "TimeoutError")), silenceMs);
    leave = () => reject(caller.reason);
    caller.addEventListener("abort", leave, { once: true });
  });
  try {
    const { done, value } = await Promise.race([rest.read(), interrupted]);
    return done ? undefined : value;
  } finally {
    clearTimeout(timer);
    if (leave) caller.removeEventListener("abort", leave);
  }
}
