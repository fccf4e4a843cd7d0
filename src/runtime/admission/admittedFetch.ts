import type { UnitRole } from "../../core/schedule/model.ts";
import type { ServerQueues } from "./serverQueues.ts";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface AdmissionKnowledge {
  /** undefined for a session that is not the swarm's: its requests wait for nobody. */
  roleOf(session: string): Promise<UnitRole | undefined>;
  /** The swarm a session belongs to. */
  ownerOf(session: string): string;
  /** Tokens the session will have in the cache when a request of so many bytes is answered. */
  tokens(session: string, bytes: number): number;
}

/**
 * A `fetch` that waits for its turn first and keeps its place until the answer was read to its end, broke, or was left.
 *
 * @param baseUrl the model server whose turn it is
 */
export function admittedFetch(
  queues: Pick<ServerQueues, "enter">,
  baseUrl: string,
  inner: Fetch,
  knows: AdmissionKnowledge,
): Fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    const session = headers.get("x-session-affinity") ?? "";
    const role = await knows.roleOf(session);
    if (role === undefined) return inner(input, init);
    const parent = headers.get("x-parent-session-id");
    const bytes = typeof init?.body === "string" ? init.body.length : 0;
    const entry = {
      session,
      owner: knows.ownerOf(session),
      role,
      tokens: knows.tokens(session, bytes),
      ...(parent === null ? {} : { parent }),
    };
    const ticket = await queues.enter(baseUrl, entry, init?.signal ?? new AbortController().signal);
    try {
      return atItsEnd(await inner(input, init), ticket.leave);
    } catch (error) {
      ticket.leave();
      throw error;
    }
  };
}

/** The same response; `call` is called once its body ended, whatever the end. */
function atItsEnd(response: Response, call: () => void): Response {
  if (!response.body) {
    call();
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        call();
        controller.close();
      } catch (error) {
        call();
        controller.error(error);
      }
    },
    async cancel(reason) {
      call();
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
}
