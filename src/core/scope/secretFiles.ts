/** `.env`, `.env.local`, `.envrc`, `prod.env`; not `.env.example` and its kin, which are written to be shared. */
const SECRET = /^(?:\.env(?:rc|[._-].*)?|.+\.env)$/u;
const SHARED = /[._-](?:example|sample|template|dist|defaults|schema)(?:[._-]|$)/u;

/**
 * Whether a file of this name holds a person's settings and secrets. Where git does not track one that
 * exists it could not bring it back, and no role writes it. Whether git ignores it says nothing: a role may change that.
 *
 * @param path `/`-separated; only the last name counts, in any case
 */
export function isSecretFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return SECRET.test(name) && !SHARED.test(name);
}
