import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileEventLogs } from "../../../src/adapters/log/fileEventLogs.ts";
import { FileInbox } from "../../../src/adapters/log/fileInbox.ts";
import { renderDashboard, renderFinalReport } from "../../../src/core/workflow/dashboard.ts";
import { decide } from "../../../src/core/workflow/decide.ts";
import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import { fold } from "../../../src/core/workflow/evolve.ts";
import { owed } from "../../../src/core/workflow/react.ts";
import type { SwarmState } from "../../../src/core/workflow/state.ts";
import { CorruptLogError } from "../../../src/ports/eventLogs.ts";
import { type InboxMessage, inboxMessageSchema } from "../../../src/ports/inbox.ts";
import { commit, inFinalQa, timed } from "../../core/workflow/scenario.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "aegis-fuzz-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A whole swarm's events, from its beginning to the commit. */
function aSwarm(): SwarmEvent[] {
  let state: SwarmState;
  return [...inFinalQa, commit()].flatMap((told) => {
    const decision = decide(timed(told), state);
    if (!decision.ok) throw new Error(`refused ${decision.refusal.code}`);
    state = fold(decision.events, state);
    return [...decision.events];
  });
}

type Lines = readonly string[];
const place = fc.nat(10_000);
const at = (lines: Lines, index: number) => (lines.length === 0 ? 0 : index % lines.length);
const object = (line: string | undefined): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(line ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
/** Does to one field of the `index`th line what `change` says. */
const inField = (index: number, key: number, change: (event: Record<string, unknown>, name: string) => void) => {
  return (lines: Lines): Lines => {
    const event = object(lines[at(lines, index)]);
    const names = Object.keys(event ?? {});
    const name = names[names.length === 0 ? 0 : key % names.length];
    if (!event || name === undefined) return lines;
    change(event, name);
    return lines.with(at(lines, index), JSON.stringify(event));
  };
};

/** What a crash, a full disk, an editor, another program or an older version can do to a log. */
const damage: fc.Arbitrary<(lines: Lines) => Lines> = fc.oneof(
  fc
    .tuple(place, fc.oneof(fc.string(), fc.json(), fc.constantFrom("", "null", "[]", "{}", "\u0000\u0000", "\uFEFF{}")))
    .map(
      ([index, garbage]) =>
        (lines: Lines) =>
          lines.toSpliced(at(lines, index), 0, garbage),
    ),
  fc.tuple(place, place).map(([a, b]) => (lines: Lines) => {
    const [one, two] = [lines[at(lines, a)], lines[at(lines, b)]];
    return one === undefined || two === undefined ? lines : lines.with(at(lines, a), two).with(at(lines, b), one);
  }),
  place.map((index) => (lines: Lines) => lines.flatMap((line, n) => (n === at(lines, index) ? [line, line] : [line]))),
  place.map((index) => (lines: Lines) => lines.toSpliced(at(lines, index), 1)),
  fc.tuple(place, place).map(([index, key]) => inField(index, key, (event, name) => delete event[name])),
  fc.tuple(place, place, fc.jsonValue()).map(([index, key, value]) =>
    inField(index, key, (event, name) => {
      event[name] = value;
    }),
  ),
  fc.tuple(place, place).map(([index, cut]) => (lines: Lines) => {
    const line = lines[at(lines, index)];
    return line === undefined ? lines : lines.with(at(lines, index), line.slice(0, cut % (line.length + 1)));
  }),
  place.map((index) => inField(index, 0, (event) => Object.assign(event, { reason: "x".repeat(300_000) }))),
  fc.constant((lines: Lines) => lines.map((line) => `${line}\r`)),
);

describe("a damaged event log", () => {
  it("is read as it stands or refused by its line; nothing of it is made up, and its fold never breaks", async () => {
    const id = "s-20260101-120000-abcd";
    const file = join(dir, "swarms", id, "events.jsonl");
    const whole = aSwarm();
    await mkdir(dirname(file), { recursive: true });
    const logs = new FileEventLogs(dir);
    const spoke: SwarmEvent = {
      type: "person_spoke",
      at: 1,
      excerpt: "x",
      skipAsked: false,
      autopilot: false,
      language: "en",
    };
    const ends = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), fc.nat(60), async (damages, torn) => {
        const lines = damages.reduce(
          (each: Lines, harm) => harm(each),
          whole.map((event) => JSON.stringify(event)),
        );
        const text = lines.map((line) => `${line}\n`).join("");
        await writeFile(file, text.slice(0, text.length - torn));
        const acknowledged = (await readFile(file, "utf8")).split("\n").slice(0, -1);
        let events: readonly SwarmEvent[];
        try {
          events = await logs.read(id);
        } catch (error) {
          if (!(error instanceof CorruptLogError)) throw error;
          ends.refused += 1;
          // The line it names is the first one that cannot be read: cut before it, the rest is.
          await writeFile(
            file,
            acknowledged
              .slice(0, error.line - 1)
              .map((line) => `${line}\n`)
              .join(""),
          );
          events = await logs.read(id);
          expect(events).toHaveLength(error.line - 1);
        }
        ends.read += 1;
        for (const [index, event] of events.entries()) expect(object(acknowledged[index])).toMatchObject(event);
        const state = fold(events);
        const half = Math.floor(events.length / 2);
        expect(fold(events.slice(half), fold(events.slice(0, half)))).toEqual(state);
        if (state)
          for (const text of [renderDashboard(state, 2_000), renderFinalReport(state, 2_000)])
            expect(text).not.toBe("");
        if (state) owed(state);
        await logs.append(id, [spoke]);
        expect(await logs.read(id)).toEqual([...events, spoke]);
      }),
      { numRuns: 400 },
    );
    // Both ends were met often, or this would show nothing.
    expect(Math.min(ends.refused, ends.read - ends.refused)).toBeGreaterThan(40);
  });
});

describe("what lies in the inbox", () => {
  const message = fc.oneof(
    fc.record({ type: fc.constant("resume"), swarm: fc.string(), at: fc.nat() }),
    fc.record({ type: fc.constant("abort"), swarm: fc.constant("s-1"), at: fc.nat(), reason: fc.string() }),
    fc.record({ type: fc.constant("abort"), swarm: fc.jsonValue(), at: fc.jsonValue(), reason: fc.jsonValue() }),
  );
  const content = fc.oneof(
    message.map((each) => JSON.stringify(each)),
    message.map((each) => JSON.stringify(each).slice(0, -1)),
    fc.string(),
    fc.json(),
    fc.constant(`{"type":"abort","swarm":"s-1","at":1,"reason":"${"x".repeat(200_000)}"}`),
  );

  it("is a message as it stands or is moved aside; none is lost, none is made up", async () => {
    const contents = fc.sample(content, 300);
    const inbox = join(dir, "inbox");
    await mkdir(inbox, { recursive: true });
    for (const [index, text] of contents.entries()) await writeFile(join(inbox, `${1000 + index}-x.json`), text);
    const got: InboxMessage[] = [];
    const reported: string[] = [];
    const stop = await new FileInbox(dir).receive(
      async (each) => {
        got.push(each);
        return "done";
      },
      (problem) => reported.push(problem),
    );
    try {
      await expect
        .poll(async () => (await readdir(inbox)).filter((name) => name.endsWith(".json")), { timeout: 30_000 })
        .toEqual([]);
    } finally {
      stop();
    }
    const right = contents.filter((text) => inboxMessageSchema.safeParse(object(text)).success);
    expect(got).toHaveLength(right.length);
    for (const [index, each] of got.entries()) expect(object(right[index])).toMatchObject(each);
    expect(reported).toHaveLength(contents.length - right.length);
    expect((await readdir(inbox)).filter((name) => name.endsWith(".rejected"))).toHaveLength(reported.length);
    expect(Math.min(right.length, reported.length)).toBeGreaterThan(20);
  });
});
