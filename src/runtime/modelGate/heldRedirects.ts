import { type EgressVerdict, egress } from "../../core/gate/egress.ts";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
type Refused = Extract<EgressVerdict, { kind: "refused" }>;

/** Redirects that keep method and body; after any other one a completion would be asked for without its question. */
const KEEPS_BODY = [307, 308];
/** As many as the standard's `fetch` follows at most. */
const MOST = 20;

/**
 * `inner`, but a redirect is followed only to a host on the list: a server that is allowed may not send a prompt on to one
 * that is not. A redirect that takes the body away is handed back as it came.
 *
 * @param refuse is told of a refused redirect, and gives the answer in its place
 */
export function heldRedirects(
  inner: Fetch,
  allowHosts: readonly string[],
  refuse: (verdict: Refused) => Response,
): Fetch {
  return async (input, init) => {
    let url = input instanceof Request ? input.url : String(input);
    let response = await inner(input, { ...init, redirect: "manual" });
    let headers = init?.headers;
    for (let followed = 0; followed < MOST && KEEPS_BODY.includes(response.status); followed += 1) {
      const location = response.headers.get("location");
      if (location === null || !URL.canParse(location, url)) return response;
      const next = new URL(location, url);
      const verdict = egress(next, allowHosts);
      await response.body?.cancel();
      if (verdict.kind === "refused") return refuse(verdict);
      if (next.origin !== new URL(url).origin) headers = withoutKeys(headers);
      url = next.href;
      response = await inner(url, { ...init, ...(headers ? { headers } : {}), redirect: "manual" });
    }
    return response;
  };
}

/** As `fetch` itself does it: another origin gets no key. */
function withoutKeys(headers: RequestInit["headers"]): Headers {
  const kept = new Headers(headers);
  for (const name of ["authorization", "cookie", "x-api-key", "api-key"]) kept.delete(name);
  return kept;
}
