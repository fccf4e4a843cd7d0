import { Buffer } from "node:buffer";
import type { EngineRequest } from "./engine.ts";

/** An event that carries no token of the answer: the role, the end, the usage. */
const SILENT = /"delta":\{(?:"role":"assistant"(?:,"content":(?:""|null))?)?\}|^data: \[DONE\]|"choices":\[\]/;

/** Only a key looks so in JSON: inside a string the quotes are escaped. */
const USAGE = '"usage":{"';

/** How a stream's event begins. */
const DATA = "data: {";

/**
 * Holds an event stream back: each event goes when the engine has made its token. An answer that is no stream goes when
 * the last token is made. The bytes stay as they are, but for the cached tokens in the usage, which aimock does not have.
 *
 * @param timed each event of a token says when it was made (`modelled_ms`): in virtual time no clock of the client's can
 */
export function paced(request: EngineRequest, timed: boolean) {
  const withTime = (event: string, index: number): string => {
    const at = timed ? request.madeAt(index) : undefined;
    return at === undefined || !event.startsWith(DATA)
      ? event
      : `${DATA}"modelled_ms":${at},${event.slice(DATA.length)}`;
  };
  const withCached = (json: string): string =>
    json.replace(USAGE, `"usage":{"prompt_tokens_details":{"cached_tokens":${request.cachedTokens()}},"`);
  return async function* hold(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let rest = "";
    let sent = 0;
    let made = 0;
    for await (const chunk of source) {
      rest += chunk.toString("latin1");
      for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
        const event = rest.slice(0, end + 2);
        rest = rest.slice(end + 2);
        const silent = SILENT.test(event);
        if (!silent && made <= sent) made = await request.ready(sent);
        yield Buffer.from(silent ? withCached(event) : withTime(event, sent), "latin1");
        if (!silent) sent += 1;
      }
    }
    if (rest === "") return;
    while (made !== Number.POSITIVE_INFINITY) made = await request.ready(made);
    yield Buffer.from(withCached(rest), "latin1");
  };
}
