import { expect, test } from "vitest";
import { keptText, noticeText } from "../../../src/core/workflow/noticeText.ts";
import { abort, alive, inMonitoring } from "./scenario.ts";

const opened = { type: "worktree_opened", worker: "w01", dir: "d", branch: "b", start: "c0", carries: [] } as const;
const closed = { type: "worktree_closed", worker: "w01", kept: "branch b", why: "not merged" } as const;

test("a branch that is kept is named with its Worker and the reason, in the person's language", () => {
  const swarm = alive([...inMonitoring, opened, closed]);
  expect(keptText(alive([...inMonitoring, opened]))).toBe("");
  expect(keptText({ ...swarm, language: "en" })).toBe(
    "Work that is in no commit of yours is kept: w01: branch b (not merged)",
  );
  expect(keptText({ ...swarm, language: "ko" })).toMatch(/^병합되지 않은 작업이 남아 있습니다: w01: branch b/u);
});

test("an abort is told with its reason; a wait that is over is not told", () => {
  const swarm = alive([...inMonitoring, abort]);
  expect(noticeText("aborted", { ...swarm, language: "en" }, 0)).toMatch(/^Swarm aborted: ./);
  expect(noticeText("aborted", { ...swarm, language: "ko" }, 0)).toMatch(/^스웜을 중단했습니다: ./u);
  expect(noticeText("commander-waits", swarm, 0)).toBe("");
});
