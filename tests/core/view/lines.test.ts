import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellsOf, inCells } from "../../../src/core/view/cells.ts";
import { viewLines } from "../../../src/core/view/lines.ts";
import { type SwarmView, viewOf } from "../../../src/core/view/swarmView.ts";
import { duration } from "../../../src/core/workflow/dashboard.ts";
import type { Halt } from "../../../src/core/workflow/halt.ts";

const worker = {
  id: "w01",
  name: "store",
  feature: "notice store",
  status: "implementing" as const,
  scope: ["src/store/**"],
  tokens: 12_345,
  doing: "edit src/store/store.ts",
  durationMs: 62_000,
  progress: 0.5,
  ahead: null,
};
const empty = viewOf({ now: 0, usage: [], limits: [], fusion: {}, problems: [] });
const view: SwarmView = {
  ...empty,
  swarm: {
    id: "s-1",
    phase: "monitoring",
    startedAt: 0,
    durationMs: 192_000,
    over: false,
    question: null,
    paused: false,
    halt: null,
    next: "",
    commit: null,
  },
  workers: [worker, { ...worker, id: "w02", feature: "API", status: "completed", progress: 1, doing: "" }],
  completed: 1,
  servers: [
    { server: "127.0.0.1:8001", at: 0, running: 5, waiting: 2, kvUsage: 0.41, prefixHits: 0.83, outputRate: 120.4 },
  ],
  driven: true,
};
const swarmOf = ({ swarm }: SwarmView) => {
  if (!swarm) throw new Error("no swarm");
  return swarm;
};
const text = (of: SwarmView, width: number, language: "en" | "ko" = "en") =>
  viewLines(of, { width, language }).map((line) => line.map((piece) => piece.text).join(""));

it.each([
  [8_400, "8s"],
  [125_000, "2m 05s"],
  [3_599_000, "59m 59s"],
  [11_220_000, "3h 07m"],
])("%d ms are read as %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

describe("the view in lines", () => {
  it("has a Worker on a line where there is room", () => {
    expect(text(view, 100)).toEqual([
      "monitoring · 1/2 completed · 3m 12s",
      expect.stringMatching(/^w01 notice store +████░░░░ implementing edit src\/store\/store\.ts +12\.3k {3}1m 02s$/),
      expect.stringMatching(/^w02 API +████████ completed {6} +12\.3k {3}1m 02s$/),
      "GPU 127.0.0.1:8001  5 running · 2 waiting · KV 41% · prefix 83% · 120 tok/s",
      "Routing  local (fusion off)",
    ]);
  });

  it("has one on two lines in a sidebar, and speaks Korean", () => {
    expect(text({ ...view, workers: [{ ...worker, ahead: 3 }], completed: 0 }, 38, "ko")).toEqual([
      "작업 · 0/1 완료 · 3m 12s",
      "w01 notice store       ████░░░░  12.3k",
      " 구현 1m 02s · GPU 대기, 앞에 3건",
      "GPU 127.0.0.1:8001  실행 5 · 대기 2",
      " KV 41% · 프리픽스 83% · 120 tok/s",
      "라우팅  local (fusion off)",
    ]);
  });

  it("says what is missing, and nothing else, where there is no swarm or no figure", () => {
    expect(text(empty, 60)).toEqual(["No swarm in this project yet.", "Routing  local (fusion off)"]);
    expect(text({ ...view, workers: [], servers: [], driven: false }, 60)).toEqual([
      "monitoring · 3m 12s",
      "No OpenCode drives it now.",
      "GPU: no figures from the server",
      "Routing  local (fusion off)",
    ]);
  });

  it.each<[Halt, RegExp, RegExp]>([
    [{ kind: "paused" }, /Stopped by you; it goes on when you write/, /직접 멈춘 상태입니다/],
    [{ kind: "exhausted", cause: null }, /without progress\. Write to it/, /진전 없이/],
    [
      { kind: "exhausted", cause: { kind: "cut", what: "tail-loop" } },
      /cut off .*tail-loop.*smaller step/,
      /잘려서 멈췄습니다/,
    ],
    [
      { kind: "aborted", by: "command-line", reason: "wrong branch." },
      /wrong branch\. The files .* new swarm/,
      /명령줄.*새 스웜/,
    ],
    [{ kind: "waiting", failure: "timeout", since: 0, waitMs: 5_000 }, /goes on in 5 s/, /5초 뒤/],
  ])("says that it was stopped and what to do: %j", (halt, english, korean) => {
    const stopped = { ...view, swarm: { ...swarmOf(view), halt } };
    for (const width of [24, 37, 80, 200]) {
      expect(text(stopped, width).join(" ").replaceAll(/ +/g, " ")).toMatch(english);
      expect(text(stopped, width, "ko").join(" ").replaceAll(/ +/g, " ")).toMatch(korean);
      expect(text(stopped, width).filter((line) => line.endsWith("…"))).toEqual(
        text(view, width).filter((line) => line.endsWith("…")),
      );
    }
  });

  it("shows where requests went and what that spared", () => {
    const routing = {
      ...view.routing,
      mode: "auto",
      requests: { local: 12, claude: 3 },
      routed: 3,
      savedTokens: 18_000,
    };
    expect(text({ ...empty, routing }, 100).at(-1)).toBe(
      "Routing  local (fusion auto) · 15 requests in 24 h · local 12 · claude 3 · 18k tokens spared",
    );
  });

  it("counts one request as one", () => {
    const routing = { ...view.routing, requests: { local: 1 } };
    expect(text({ ...empty, routing }, 100).at(-1)).toBe("Routing  local (fusion off) · 1 request in 24 h");
  });

  it("is never wider than the terminal and holds no character that does anything, whatever a model wrote", () => {
    const words = fc.string({ unit: "binary", maxLength: 60 });
    fc.assert(
      fc.property(words, words, words, fc.integer({ min: 12, max: 160 }), (name, doing, problem, width) => {
        const wild = { ...view, workers: [{ ...worker, feature: name, doing }], problems: [problem] };
        for (const line of text(wild, width)) {
          expect(cellsOf(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
        }
      }),
      { numRuns: 40 },
    );
  });
});

it("cuts by cells, not by characters", () => {
  expect([
    inCells("대시보드", 6),
    inCells("대시보드", 8),
    inCells("ab", 4),
    inCells("abcdef", 4),
    inCells("x", 0),
  ]).toEqual(["대시… ", "대시보드", "ab  ", "abc…", ""]);
});
