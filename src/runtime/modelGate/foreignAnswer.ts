import { nextOf } from "./nextChunk.ts";
import type { Begun } from "./send.ts";

/** The repair machine reads OpenAI's chat completions; an answer of any other API passes byte for byte. */
export function isChatCompletion(input: string | URL | Request): boolean {
  const url = input instanceof Request ? input.url : String(input);
  return URL.canParse(url) && new URL(url).pathname.endsWith("/chat/completions");
}

interface Ends {
  caller: AbortSignal;
  silenceMs: number;
  /** A piece of the answer behind the first one. */
  came(): void;
  /** Ends the request at the server. */
  stop(): void;
  ended(): void;
  /** It broke off, or was silent for too long. Not told where the caller left. */
  broke(error: unknown): void;
}

/** The body of an answer that is not looked into: measured, and ended where it is silent for too long. */
export function passedOn({ first, rest }: Begun, ends: Ends): ReadableStream<Uint8Array> {
  let begins = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const chunk = begins ?? (await nextOf(rest, ends));
        if (begins === undefined && chunk !== undefined) ends.came();
        begins = undefined;
        if (chunk !== undefined) return controller.enqueue(chunk);
        controller.close();
        ends.ended();
      } catch (error) {
        ends.stop();
        controller.error(error);
        if (!ends.caller.aborted) ends.broke(error);
      }
    },
    async cancel(reason) {
      ends.stop();
      await rest?.cancel(reason);
    },
  });
}
