import type { FailureKind } from "../../core/gate/classifyFailure.ts";
import { classifyFailure } from "../../core/gate/classifyFailure.ts";
import type { StreamRepair } from "../../core/gate/repairStream.ts";
import { messageOf } from "../../ports/thrown.ts";
import { brokenText } from "./failureText.ts";
import { nextOf } from "./nextChunk.ts";
import type { Begun } from "./send.ts";
import { codeOf } from "./send.ts";

export interface StreamEnds {
  caller: AbortSignal;
  /** A piece of the answer behind the first one. */
  came(): void;
  /** Ends the request at the server. */
  stop(): void;
  silenceMs: number;
  ended(): void;
  /** The server's output limit cut the answer; before the caller can see its end. */
  limited(): void;
  broke(failure: FailureKind, detail: string): void;
}

/** The answer as the host reads it: mended piece by piece, ended where it runs away, and with a readable error where it breaks. */
export function repairedStream(begun: Begun, machine: StreamRepair, ends: StreamEnds): ReadableStream<Uint8Array> {
  const { first, rest } = begun;
  let begins = first;
  let limited = false;
  const finish = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    for (const piece of machine.end()) controller.enqueue(piece);
    // Closed without a finish reason: the host would take half an answer for a whole one, or wait for the rest.
    if (!machine.report().finished) throw new Error("the connection was closed before the answer was complete.");
    // Before the caller sees the end: a call at the end of the answer is to be told what became of it.
    ends.ended();
    controller.close();
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        for (;;) {
          const chunk = begins ?? (await nextOf(rest, ends));
          if (begins === undefined && chunk !== undefined) ends.came();
          begins = undefined;
          if (chunk === undefined) return finish(controller);
          const pieces = machine.push(chunk);
          const { finish: how, runaway } = machine.report();
          if (how === "length" && !limited) {
            limited = true;
            ends.limited();
          }
          for (const piece of pieces) controller.enqueue(piece);
          // After an empty call the turn ended by itself; every other runaway has to be stopped.
          if (runaway && runaway.kind !== "emptyCall") {
            ends.stop();
            ends.ended();
            return controller.close();
          }
          // Held back for now: the next chunk decides, and a pull that enqueued nothing is not called again.
          if (pieces.length > 0) return;
        }
      } catch (error) {
        ends.stop();
        if (ends.caller.aborted) return controller.error(ends.caller.reason);
        const detail = messageOf(error);
        const { kind } = classifyFailure({ errorCode: codeOf(error) });
        const failure = kind === "unknown" ? "reset" : kind;
        ends.broke(failure, detail);
        const message = brokenText(failure, detail);
        // As an event: the host shows its text, and what was said before stays.
        controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify({ error: { message } })}\n\n`));
        controller.close();
      }
    },
    async cancel(reason) {
      ends.stop();
      await rest?.cancel(reason);
    },
  });
}

/** What is left of an answer that is no stream. */
export async function restOf({ first, rest }: Begun): Promise<string> {
  const decoder = new TextDecoder();
  let text = first ? decoder.decode(first, { stream: true }) : "";
  for (let read = await rest?.read(); read && !read.done; read = await rest?.read()) {
    text += decoder.decode(read.value, { stream: true });
  }
  return text + decoder.decode();
}
