import { expect, test } from "vitest";
import { workerTable } from "../../../src/cli/swarm/workerTable.ts";
import { cellsOf } from "../../../src/core/view/cells.ts";
import { swarmWord } from "../../../src/core/workflow/swarmWords.ts";
import { alive, inMonitoring } from "../../core/workflow/scenario.ts";

test("Workers stand in columns, whatever a model calls them, and no line is wider than the terminal", () => {
  const swarm = alive(inMonitoring);
  const [first] = swarm.workers;
  if (!first) throw new Error("there is no Worker");
  const named = (feature: string) => ({ ...first, assignment: { ...first.assignment, feature } });
  const workers = [named("공지 저장소와 검색과 알림을 모두 맡는 아주 긴 이름"), named("a\nb\u001b[2J"), first];
  const live = new Map([[first.assignment.id, { doing: `bash ${"아주 긴 명령 ".repeat(20)}` }]]);
  for (const [lang, columns] of [
    ["en", 80],
    ["ko", 80],
    ["ko", 120],
  ] as const) {
    const lines = workerTable({ lang, columns, colour: false }, { ...swarm, workers }, 5_000, live);
    for (const line of lines) expect(cellsOf(line), line).toBeLessThanOrEqual(columns);
    const rows = lines.slice(1, 4);
    const starts = rows.map((line) => cellsOf(line.slice(0, line.indexOf(swarmWord(lang, `worker.${first.status}`)))));
    expect(new Set(starts).size, rows.join("\n")).toBe(1);
    expect(lines.join("")).not.toContain("\u001b");
    expect(lines.at(-1)).toMatch(/^\[.*\] 0% — 0\/3 (completed|완료)$/);
  }
});
