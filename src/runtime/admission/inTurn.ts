import type { Ticket } from "./turnstile.ts";

/** A model request that wants to be sent. */
export interface TurnRequest {
  session: string;
  /** The swarm's role of the session. */
  role: string;
  /** Where it goes. */
  url: string;
  /** The session that waits for this one's answer. */
  parent?: string;
  /** Of its body. */
  bytes: number;
}

/** A request's turn has come. */
export interface Turn extends Ticket {
  /** To be sent with it to a server that schedules by priority; lower goes first. */
  priority?: number;
}

export interface RequestTurns {
  /**
   * Waits until the request may be sent; undefined where nobody waits for the server it goes to.
   * @throws the signal's reason when the caller leaves.
   */
  enter(request: TurnRequest, signal: AbortSignal): Promise<Turn | undefined>;
}

/** Sends, and keeps the ticket's place until the answer was read to its end, broke, or was left. */
export async function inTurn(ticket: Ticket | undefined, send: () => Promise<Response>): Promise<Response> {
  if (!ticket) return send();
  try {
    return atItsEnd(await send(), ticket.leave);
  } catch (error) {
    ticket.leave();
    throw error;
  }
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
