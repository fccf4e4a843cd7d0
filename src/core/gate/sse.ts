/** Cuts bytes into server-sent events: each piece ends with the blank line that ends its event. */
export interface EventFramer {
  /** The events that are whole now, as views of the bytes handed in wherever these came in one piece. */
  push(chunk: Uint8Array): Uint8Array[];
  /** What is left without a blank line behind it; the framer is empty afterwards. */
  rest(): Uint8Array;
  /** Bytes that wait for their event's end. */
  waiting(): number;
}

const LF = 10;
const CR = 13;
const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * Line ends are LF or CRLF, as every server in use writes them; events with CR alone come out whole at the end.
 */
export function frameEvents(): EventFramer {
  let tail: Uint8Array = EMPTY;
  let scanned = 0;
  let lineStart = 0;
  return {
    push(chunk) {
      const data = tail.length === 0 ? chunk : joined(tail, chunk);
      const events: Uint8Array[] = [];
      let start = 0;
      let at = data.indexOf(LF, scanned);
      while (at >= 0) {
        const length = at - lineStart;
        lineStart = at + 1;
        if (length === 0 || (length === 1 && data[at - 1] === CR)) {
          events.push(data.subarray(start, lineStart));
          start = lineStart;
        }
        at = data.indexOf(LF, lineStart);
      }
      tail = data.subarray(start);
      scanned = tail.length;
      lineStart -= start;
      return events;
    },
    rest() {
      const left = tail;
      [tail, scanned, lineStart] = [EMPTY, 0, 0];
      return left;
    },
    waiting: () => tail.length,
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Appends bytes to a list of pieces; neighbours in the same memory become one view again. */
export function append(pieces: Uint8Array[], bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const last = pieces.at(-1);
  if (last && last.buffer === bytes.buffer && last.byteOffset + last.byteLength === bytes.byteOffset)
    pieces[pieces.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.byteLength + bytes.byteLength);
  else pieces.push(bytes);
}

/** The data of an event's text, its lines joined; undefined where it has none (a comment, a bare id). */
export function dataOf(event: string): string | undefined {
  const end = event.indexOf("\n");
  // Nearly always one data line and the blank one.
  if (event.startsWith("data:") && (end < 0 || end + 2 >= event.length))
    return unspaced(event.slice(5, end < 0 ? undefined : end));
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.length === 0 ? undefined : lines.map((line) => unspaced(line.slice(5))).join("\n");
}

function unspaced(line: string): string {
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  return line.slice(line.startsWith(" ") ? 1 : 0, end);
}

/** An event's text with other data: its other lines (id, event, comments) and its line ends stay. */
export function withData(event: string, data: string): string {
  const eol = event.includes("\r\n") ? "\r\n" : "\n";
  const others = event.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("data:"));
  return `${[...others, `data: ${data}`].join(eol)}${eol}${eol}`;
}
