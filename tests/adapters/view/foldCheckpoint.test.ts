import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { SwarmTail } from "../../../src/adapters/view/swarmTail.ts";

const SWARM = "s-20260101-120000-abcd";
const settings = { maxWorkers: 8, maxRetries: 3, maxContinuations: 3, designOptional: false, skipPhrases: [] };
const worker = {
  id: "w01",
  name: "a",
  feature: "a",
  spec: "x",
  fileScope: ["a/**"],
  sharedReadOnly: [],
  dependsOn: [],
};
const OPENING = [
  { type: "swarm_started", at: 1, id: SWARM, session: "c", settings, head: "", dirty: [], language: "en" },
  { type: "design_skipped", at: 2, reason: "asked", by: "person", workersAllowed: 8 },
  { type: "foundation_completed", at: 3, summary: "", commit: "c", tree: "t", qa: [], paths: [] },
  { type: "workers_dispatched", at: 4, workers: [worker] },
  { type: "worker_started", at: 5, worker: "w01", session: "s1", attempt: 1 },
];
const wrote = (index: number) => ({ type: "worker_wrote", at: 10 + index, worker: "w01", paths: [`a/${index}.ts`] });
const lines = (events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join("");

/** A log of 505 events, and both ways to read it. */
function place() {
  const dir = mkdtempSync(join(tmpdir(), "omq-fold-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const log = join(dir, ".aegis/swarms", SWARM, "events.jsonl");
  mkdirSync(join(dir, ".aegis/swarms", SWARM), { recursive: true });
  const first = lines([...OPENING, ...Array.from({ length: 500 }, (_, index) => wrote(index))]);
  writeFileSync(log, first);
  const checkpoints = join(dir, "folded");
  const tail = (kept: string | undefined) => {
    const made = new SwarmTail(join(dir, ".aegis"), undefined, kept);
    made.look();
    return made;
  };
  const file = () => join(checkpoints, readdirSync(checkpoints)[0] ?? "");
  return { dir, log, first, checkpoints, file, whole: () => tail(undefined), quick: () => tail(checkpoints) };
}

/** Both say the same. @returns how many events the quick one had to read */
function same({ whole, quick }: ReturnType<typeof place>): number {
  const [a, b] = [whole(), quick()];
  expect(b.state).toEqual(a.state);
  expect(b.phases).toEqual(a.phases);
  expect(b.problem).toEqual(a.problem);
  return b.events.length;
}

describe("what a long log came to", () => {
  it("is kept, and only what came since is read; a torn last line waits", () => {
    const all = place();
    expect(same(all)).toBe(505);
    expect(same(all)).toBe(0);
    appendFileSync(all.log, lines([wrote(501)]));
    expect(same(all)).toBe(1);
    appendFileSync(all.log, '{"type":"worker_wr');
    expect(same(all)).toBe(1);
    appendFileSync(all.log, `ote","at":9999,"worker":"w01","paths":["a/z.ts"]}\n`);
    expect(same(all)).toBe(2);
    expect(all.quick().state?.workers[0]?.wrote).toContain("a/z.ts");
    appendFileSync(all.log, lines(Array.from({ length: 300 }, (_, index) => wrote(1_000 + index))));
    expect(same(all)).toBe(302);
    expect(same(all)).toBe(0);
  });

  it("is left aside where the log is another one, shorter, or not what it was", () => {
    const all = place();
    same(all);
    const half = all.first.length - 2_000;
    truncateSync(all.log, all.first.lastIndexOf("\n", half) + 1);
    expect(same(all)).toBeGreaterThan(400);
    writeFileSync(all.log, all.first.replace("a/470.ts", "b/470.ts"));
    expect(same(all)).toBe(505);
    const copy = `${all.log}.new`;
    writeFileSync(copy, all.first);
    renameSync(copy, all.log);
    expect(same(all)).toBe(505);
    expect(same(all)).toBe(0);
  });

  it("is left aside where it is damaged or another build's, and its place in the log is named where a line is none", () => {
    const all = place();
    same(all);
    const kept = JSON.parse(readFileSync(all.file(), "utf8"));
    for (const wrong of [
      "{",
      JSON.stringify({ ...kept, folded: kept.folded.replace("a/1.ts", "a/x.ts") }),
      JSON.stringify({ ...kept, program: "another" }),
      JSON.stringify({ ...kept, offset: kept.offset + 10_000 }),
    ]) {
      writeFileSync(all.file(), wrong);
      expect(same(all)).toBe(505);
    }
    appendFileSync(all.log, '{"type":"nothing of ours"}\n');
    expect(same(all)).toBe(0);
    expect(all.quick().problem).toContain("event 506");
  });

  it("is nothing to a reader that cannot write it", () => {
    const all = place();
    writeFileSync(all.checkpoints, "a file where the directory would be");
    expect(() => all.quick()).not.toThrow();
    expect(all.quick().events).toHaveLength(505);
  });
});
