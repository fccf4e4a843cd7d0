import { expect, it } from "vitest";
import { attribute, committable } from "../../../src/core/workflow/attribution.ts";
import { alive, dispatch, inDispatch, part, ran, report, started, type Told } from "./scenario.ts";

const wrote = (worker: string, ...paths: string[]): Told => ({ type: "worker_wrote", worker, paths });
const added = (path: string) => ({ path, kind: "added" as const });
const ended = (worker: string): Told[] => [ran(worker), report(worker)];

it("a change belongs to the scope it lies in, to the Commander who wrote it, else to the person, who keeps theirs", () => {
  const swarm = alive([
    ...inDispatch,
    dispatch(part("a"), part("b", { sharedReadOnly: ["src/lib/**"] })),
    ...["w01", "w02"].map((worker) => started(worker)),
    wrote("w01", "src/a/x.ts"),
    { type: "commander_wrote", paths: ["src/join.ts"] },
  ]);
  const changes = ["src/a/x.ts", "src/b/shell.ts", "src/join.ts", "notes.md"].map(added);
  expect(attribute(swarm, changes).map(({ by, problem }) => [by, problem])).toEqual([
    ["w01", undefined],
    ["w02", undefined],
    ["commander", undefined],
    ["person", undefined],
  ]);
  expect(committable(swarm, changes)).toEqual(["src/a/x.ts", "src/b/shell.ts", "src/join.ts"]);
});

it("writes out of scope, into shared files, and by two where one had no right to it are problems and not committed", () => {
  const swarm = alive([
    ...inDispatch,
    dispatch(part("a"), part("b", { sharedReadOnly: ["src/lib/**"] })),
    ...["w01", "w02"].map((worker) => started(worker)),
    wrote("w01", "docs/a.md", "src/a/x.ts"),
    wrote("w02", "src/lib/t.ts", "src/a/x.ts"),
  ]);
  const changes = ["docs/a.md", "src/lib/t.ts", "src/a/x.ts"].map(added);
  expect(attribute(swarm, changes).map(({ by, problem }) => [by, problem])).toEqual([
    ["w01", "out-of-scope"],
    ["w02", "shared-read-only"],
    ["w01+w02", "overlap"],
  ]);
  expect(committable(swarm, changes)).toEqual([]);
});

it("a scope that is given again after its Worker ended is no overlap: the last to write answers for the file", () => {
  const swarm = alive([
    ...inDispatch,
    dispatch(part("a")),
    started("w01"),
    wrote("w01", "src/a/x.ts", "src/a/y.ts"),
    ...ended("w01"),
    dispatch(part("again", { fileScope: ["src/a/**"] })),
    started("w02"),
    wrote("w02", "src/a/x.ts"),
    ...ended("w02"),
  ]);
  const changes = ["src/a/x.ts", "src/a/y.ts"].map(added);
  expect(attribute(swarm, changes).map(({ by, problem }) => [by, problem])).toEqual([
    ["w02", undefined],
    ["w01", undefined],
  ]);
  expect(committable(swarm, changes)).toHaveLength(2);
});
