/** `.env`, `.env.local`, `.envrc`, `prod.env`; not `.env.example` and its kin, which are written to be shared. */
const SECRET = /^(?:\.env(?:rc|[._-].*)?|.+\.env)$/u;
const SHARED = /[._-](?:example|sample|template|dist|defaults|schema)(?:[._-]|$)/u;

/**
 * Whether a file of this name holds a person's settings and secrets. Git ignores such files, so it could not bring one
 * back: where one exists and is ignored, no role writes it.
 *
 * @param path `/`-separated; only the last name counts, in any case
 */
export function isSecretFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return SECRET.test(name) && !SHARED.test(name);
}
