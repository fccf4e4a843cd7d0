import { REDACTED, redact } from "../redact.ts";

/**
 * A value with every secret in its texts replaced, names of properties as they are.
 *
 * @param known values that are secret because of where they stand (`.env`)
 */
export function withoutSecrets<T>(value: T, known: readonly string[] = []): T {
  return clean(
    value,
    [...known].sort((a, b) => b.length - a.length),
  ) as T;
}

function clean(value: unknown, known: readonly string[]): unknown {
  if (typeof value === "string")
    return redact(known.reduce((text, secret) => text.replaceAll(secret, REDACTED), value));
  if (Array.isArray(value)) return value.map((each) => clean(each, known));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, clean(each, known)]));
}
