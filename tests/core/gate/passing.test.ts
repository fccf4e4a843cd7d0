import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corpus, decode, encode, repaired, streamOf, tools } from "./streams.ts";

/** 10^6 streams take a while: AEGIS_GATE_STREAMS says how many. */
const RUNS = Number(process.env.AEGIS_GATE_STREAMS ?? 12_000);
const root = fileURLToPath(new URL("../../../", import.meta.url));

const words = fc.constantFrom(
  "a < b && c > d ",
  "\n",
  "\n\n",
  "`<tool_call>` opens a call. ",
  "Use `<function=bash>` here. ",
  "```ts\nconst x = 1;\n```\n",
  "```\n<tool_call>\n<function=bash>\n```\n",
  "<",
  "<tool",
  "한글 텍스트 ",
  "🙂",
  "</div>\n",
  "<ul>\n<li>\n",
  '```json\n{"name": "my-package"}\n```\n',
  "| a | b |\n",
  "    <tool_call>\n",
  "\\n",
  '"quoted" ',
  "data: [DONE]\n",
  "function",
  "`",
  "~~~\n",
);
const prose = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.array(words, { maxLength: 12 }).map((list) => list.join("")),
);
const call = fc.oneof(
  fc.record({ command: fc.string(), description: fc.string() }).map((args) => ({ name: "bash", args })),
  fc
    .record({ filePath: fc.string(), content: fc.oneof(prose, fc.string({ unit: "binary" })) })
    .map((args) => ({ name: "write", args })),
  fc.record({ filePath: fc.string(), oldString: prose, newString: prose }).map((args) => ({ name: "edit", args })),
  fc
    .record({ summary: prose, success: fc.boolean(), files: fc.array(fc.string(), { maxLength: 3 }) })
    .map((args) => ({ name: "complete_task", args })),
  fc.constant({ name: "phase", args: {} }),
);
const space = fc.constantFrom(0, 1, 2);

/** A stream nobody could object to: text, then calls that fit; comments, usage, several choices, both line ends. */
const stream = fc
  .record({
    content: prose,
    calls: fc.array(fc.record({ call, space }), { maxLength: 3 }),
    size: fc.integer({ min: 1, max: 30 }),
    eol: fc.constantFrom("\n", "\r\n"),
    comment: fc.boolean(),
    length: fc.boolean(),
  })
  .map(({ content, calls, size, eol, comment, length }) => {
    const list = calls.map(({ call, space }) => ({
      name: call.name,
      arguments: JSON.stringify(call.args, null, space),
    }));
    const finish = list.length > 0 ? "tool_calls" : length ? "length" : "stop";
    const text = streamOf({ content, calls: list, finish }, size, eol);
    return comment ? text.replaceAll(`}${eol}${eol}`, `}${eol}${eol}: ping${eol}${eol}`) : text;
  });

describe("a well-formed stream", () => {
  it("passes byte for byte, wherever it is cut", { timeout: 3_600_000 }, () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 6 }), (text, places) => {
        const bytes = encode(text);
        const cuts = places.map((place) => place % bytes.length).sort((a, b) => a - b);
        const result = repaired(bytes, cuts);
        return (
          Buffer.compare(Buffer.from(bytes), Buffer.from(result.bytes)) === 0 &&
          Object.keys(result.report.counts).length === 0
        );
      }),
      { numRuns: RUNS },
    );
  });

  it("leaves at once where nothing is in doubt", async () => {
    const { createRepair } = await import("../../../src/core/gate/repairStream.ts");
    const repair = createRepair({ tools });
    const event = (content: string) =>
      encode(`data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]}\n\n`);
    const chunk = event("Hello ");
    expect(repair.push(chunk)).toEqual([chunk]);
    expect(repair.push(event("there\n"))).toHaveLength(1);
    expect(repair.push(event("<tool"))).toEqual([]);
    expect(repair.push(event("box> is no tag of ours"))).toHaveLength(2);
  });

  it("keeps comments, several choices, an unfinished last event, a missing [DONE] and errors in the stream", () => {
    const texts = [
      ': hello\n\ndata: {"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"<"}}]}\n\ndata: {"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}]}\n\n',
      'event: error\ndata: {"error":{"message":"no"}}\n\n',
      'id: 1\ndata: {"choices":[]}\n\n',
      'data: {"choi',
      "not an event stream at all",
      'data: {"choices":\ndata: []}\n\ndata: [DONE]\n\n',
    ];
    for (const text of texts)
      for (let at = 0; at <= text.length; at += 1) expect(decode(repaired(encode(text), [at]).bytes)).toBe(text);
  });

  it("gets the blank line that its last event lacks", () => {
    expect(decode(repaired(encode("data: [DONE]"), []).bytes)).toBe("data: [DONE]\n\n");
  });
});

describe("text about tool calls", () => {
  const call =
    "<tool_call>\n<function=bash>\n<parameter=command>\nls\n</parameter>\n<parameter=description>\nList\n</parameter>\n</function>\n</tool_call>";
  it.each([
    ["in a fence", `Call it so:\n\n\`\`\`xml\n${call}\n\`\`\`\n`],
    ["in a fence that is not closed", `\`\`\`\n${call}`],
    ["with words behind", `${call}\n\nThat is how a call looks.`],
    ["announced as an example", `The format looks like this:\n\n${call}`],
    ["inside a line", `The tag <tool_call><function=bash></function></tool_call> opens it`],
    [
      "quoted",
      call
        .split("\n")
        .map((line) => `> ${line}`)
        .join("\n"),
    ],
    [
      "indented",
      call
        .split("\n")
        .map((line) => `    ${line}`)
        .join("\n"),
    ],
    ["of a tool that is not offered", call.replace("=bash", "=get_weather")],
    ["as JSON of another shape", '```json\n{"name": "bash", "version": "1.0.0"}\n```'],
    [
      "as JSON with text behind",
      '```json\n{"name": "bash", "arguments": {"command": "ls", "description": "x"}}\n```\nThis is the body.',
    ],
  ])("stays text %s", (_where, content) => {
    for (const size of [1, 3, 1000]) {
      const text = streamOf({ content, finish: "stop" }, size);
      expect(decode(repaired(encode(text), []).bytes)).toBe(text);
    }
  });

  it("stays text in this repository's own sources, as an answer and as a file that is written", () => {
    const files = [
      ...sources("src"),
      ...sources("tests/core/gate"),
      ...sources("tests/fixtures/tool-calls"),
      ...sources("docs"),
    ];
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) {
      const source = readFileSync(join(root, file), "utf8").slice(0, 60_000);
      const answer = streamOf(
        { content: `Here is the file.\n\n\`\`\`\`ts\n${source}\n\`\`\`\`\n`, finish: "stop" },
        900,
      );
      const write = { name: "write", arguments: JSON.stringify({ filePath: file, content: source }) };
      const written = streamOf({ content: "Now I write it.", calls: [write], finish: "tool_calls" }, 900);
      for (const text of [answer, written, streamOf({ content: source, finish: "stop" }, 900)])
        expect(decode(repaired(encode(text), []).bytes) === text, file).toBe(true);
    }
  });

  it("stays text where no tools are offered", () => {
    for (const one of corpus("reported.jsonl").filter(({ content }) => content !== undefined)) {
      const text = streamOf({ content: one.content, finish: "stop" });
      expect(decode(repaired(encode(text), [], { tools: [] }).bytes)).toBe(text);
    }
  });
});

function sources(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}
