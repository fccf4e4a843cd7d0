import { describe, expect, it } from "vitest";
import { createRepair } from "../../../src/core/gate/repairStream.ts";
import { decode, encode, readStream, streamOf, tools } from "./streams.ts";

/** Sends events until the machine has had enough, as a server without end would; says how many it took. */
function endless(events: Iterable<string>, most = 200_000) {
  const repair = createRepair({ tools });
  let [out, sent] = ["", 0];
  for (const event of events) {
    out += repair.push(encode(event)).map(decode).join("");
    sent += 1;
    if (repair.report().runaway || sent >= most) break;
  }
  return {
    message: readStream(out),
    report: repair.report(),
    sent,
    silent: repair.push(encode("data: more\n\n")),
    end: repair.end(),
  };
}

const head =
  'data: {"id":"chatcmpl-9","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":';
const content = (text: string) => `${head}{"content":${JSON.stringify(text)}},"finish_reason":null}]}\n\n`;
const argument = (text: string, name?: string) =>
  `${head}{"tool_calls":[{"index":0,${name ? `"id":"c","type":"function",` : ""}"function":{${name ? `"name":"${name}",` : ""}"arguments":${JSON.stringify(text)}}}]},"finish_reason":null}]}\n\n`;
function* forever(first: readonly string[], next: string) {
  yield* first;
  for (;;) yield next;
}
const good =
  "<tool_call>\n<function=bash>\n<parameter=command>\nls\n</parameter>\n<parameter=description>\nList\n</parameter>\n</function>\n";

describe("a runaway", () => {
  it.each([
    [
      "closing tags behind text",
      forever([content("Done.\n")], content("</parameter>\n</function>\n</tool_call>\n")),
      "closingTags",
      20,
    ],
    [
      "closing tags, a few characters at a time",
      (function* () {
        for (;;) yield* ["</to", "ol_ca", "ll>", "\n"].map(content);
      })(),
      "closingTags",
      80,
    ],
    ["one character", forever([content("Let me see")], content("!")), "repeatedToken", 1000],
    ["one token", forever([], content(" the")), "repeatedToken", 3000],
    ["one line", forever([], content("I will now read the file again to be sure.\n")), "repeatedLine", 300],
    [
      "text of any kind",
      (function* () {
        for (let at = 0; ; at += 1)
          yield content(`${at} is a number whose square is ${at * at}, as one sees at once. `.repeat(20));
      })(),
      "noEnd",
      2000,
    ],
  ])("of %s is cut and closed cleanly", (_what, events, kind, within) => {
    const { message, report, sent, silent, end } = endless(events);
    expect(report.runaway).toEqual({ kind, choice: 0 });
    expect(report.counts).toEqual({ [kind]: 1 });
    expect(sent).toBeLessThanOrEqual(within);
    expect(message).toMatchObject({ finish: "stop", done: true, calls: [] });
    expect([silent, end]).toEqual([[], []]);
  });

  it("behind a good call keeps the call", () => {
    const { message, report } = endless(forever([content("So.\n\n"), content(good)], content("</tool_call>")));
    expect(report.runaway?.kind).toBe("closingTags");
    expect(message).toEqual({
      content: "So.\n\n",
      calls: [{ name: "bash", arguments: '{"command":"ls","description":"List"}' }],
      finish: "tool_calls",
      done: true,
    });
  });

  it("in a call's arguments takes the call out and keeps those before it", () => {
    const first = argument('{"filePath":"a.ts"}', "read");
    const second = argument('{"filePath":"b","content":"', "write").replace('"index":0,"id"', '"index":1,"id"');
    const more = argument("</parameter>\\n").replace('"index":0,"function"', '"index":1,"function"');
    const { message, report } = endless(forever([first, second], more));
    expect(report.runaway?.kind).toBe("closingTags");
    expect(message).toMatchObject({
      calls: [{ name: "read", arguments: '{"filePath":"a.ts"}' }],
      finish: "tool_calls",
      done: true,
    });
  });

  it("of a finish reason without a call ends the turn", () => {
    const repair = createRepair({ tools });
    const text = streamOf({ content: "I will call it.", finish: "tool_calls" });
    const out = [...repair.push(encode(text)), ...repair.end()].map(decode).join("");
    expect(readStream(out)).toMatchObject({ content: "I will call it.", finish: "stop", done: true });
    expect(repair.report().runaway?.kind).toBe("emptyCall");
  });

  it("of a call without name and arguments takes it out", () => {
    const repair = createRepair({ tools });
    const out = repair.push(encode(streamOf({ calls: [{ name: "", arguments: "" }], finish: "tool_calls" })));
    expect(readStream(out.map(decode).join(""))).toMatchObject({ calls: [], finish: "stop", done: true });
  });

  it.each([
    ["a long rule", `${"=".repeat(200)}\n${"-".repeat(300)}\n`],
    ["a page's end", "</span></a></li></ul></div></div></section></main></body></html>\n".repeat(2)],
    ["a table of zeros", Array.from({ length: 30 }, () => "[0, 0, 0, 0],\n").join("")],
    ["the same line many times", "  pass\n".repeat(60)],
    ["base64", Array.from({ length: 3000 }, (_, at) => "ABCDEFGHJKLMNPQRSTUVWXYZ"[(at * at * 7 + at) % 24]).join("")],
  ])("is not seen in %s", (_what, text) => {
    for (const size of [1, 4, 4000]) {
      const stream = streamOf({ content: text, finish: "stop" }, size);
      const written = streamOf(
        {
          calls: [{ name: "write", arguments: JSON.stringify({ filePath: "a", content: text }) }],
          finish: "tool_calls",
        },
        size,
      );
      for (const whole of [stream, written]) {
        const repair = createRepair({ tools });
        expect([...repair.push(encode(whole)), ...repair.end()].map(decode).join("")).toBe(whole);
      }
    }
  });

  it("passes where the switch is off", () => {
    const switches = { textCalls: true, arguments: true, toolNames: true, runaway: false, history: true };
    const repair = createRepair({ tools, switches });
    for (let at = 0; at < 2000; at += 1) expect(repair.push(encode(content("!")))).toHaveLength(1);
    expect(repair.report().runaway).toBeUndefined();
  });
});

describe("the report", () => {
  it("says what was repaired, from what to what, and what was refused", () => {
    const repair = createRepair({ tools });
    repair.push(
      encode(
        streamOf({
          calls: [
            { name: "Read", arguments: '{"file_path":"a"}' },
            { name: "nope", arguments: "{}" },
          ],
          finish: "tool_calls",
        }),
      ),
    );
    repair.end();
    const report = repair.report();
    expect(report.counts).toEqual({ toolName: 1, alias: 1 });
    expect(report.notes).toEqual([
      {
        kinds: ["toolName", "alias"],
        choice: 0,
        tool: "read",
        before: 'Read({"file_path":"a"})',
        after: 'read({"filePath":"a"})',
      },
    ]);
    expect(report.refused).toEqual([{ choice: 0, tool: "nope", reason: 'no tool "nope" is offered' }]);
    expect(report.finished).toBe(true);
  });

  it("says that a stream was cut short, and lets out what was held", () => {
    const whole = content("<tool_call>\n<function=bash>\n<parameter=command>\nls");
    const repair = createRepair({ tools });
    expect(repair.push(encode(whole))).toEqual([]);
    expect(repair.end().map(decode).join("")).toBe(whole);
    expect(repair.report().finished).toBe(false);
  });

  it("leaves out a single kind that is switched off", () => {
    const switches = {
      textCalls: true,
      arguments: true,
      toolNames: true,
      runaway: true,
      history: true,
      except: ["filled" as const],
    };
    const repair = createRepair({ tools, switches });
    const text = streamOf({ calls: [{ name: "bash", arguments: '{"command":"ls"}' }], finish: "tool_calls" });
    expect([...repair.push(encode(text)), ...repair.end()].map(decode).join("")).toBe(text);
  });
});
