import { describe, expect, it } from "vitest";
import { findCommand, findKeyword } from "../../../src/core/routing/keywords.ts";

const always = { word: "hulw", mode: "always", parallel: true, autopilot: false };
const auto = { word: "ulw", mode: "auto", parallel: false, autopilot: false };

describe("a keyword in a message", () => {
  it.each([
    ["/hulw refactor the auth module", always, "refactor the auth module"],
    ["/hulw 인증 모듈 리팩토링", always, "인증 모듈 리팩토링"],
    ["hulw: build a REST API", always, "build a REST API"],
    ["HULW: 데이터베이스 마이그레이션과 REST API 생성", always, "데이터베이스 마이그레이션과 REST API 생성"],
    ["build the dashboard hulw", always, "build the dashboard"],
    ["새 대시보드를 구현하자 hulw", always, "새 대시보드를 구현하자"],
    ["Build the dashboard with hulw.", always, "Build the dashboard"],
    ["새 대시보드를 구현하자 with hulw!", always, "새 대시보드를 구현하자"],
    ["대시보드를 만들어줘, hulw로 해줘", always, "대시보드를 만들어줘"],
    ["대시보드 구현 hulw 모드로", always, "대시보드 구현"],
    ["/ulw fix the TypeScript errors", auto, "fix the TypeScript errors"],
    ["ulw: 메모리 누수 디버그", auto, "메모리 누수 디버그"],
    ["optimise the queries ulw", auto, "optimise the queries"],
    ["데이터베이스 쿼리를 최적화하자 with ulw", auto, "데이터베이스 쿼리를 최적화하자"],
    ["optimise the queries with ultrawork", auto, "optimise the queries"],
    ["쿼리 최적화 with ultrawork", auto, "쿼리 최적화"],
    ["쿼리를 최적화해줘 ulw로", auto, "쿼리를 최적화해줘"],
  ])("%s", (message, meaning, task) => {
    expect(findKeyword(message)).toEqual({ ...meaning, task: expect.stringContaining(task) });
    expect(findKeyword(message)?.task).not.toMatch(/u?lw\b/i);
  });

  it.each([
    ["/autopilot build a todo app", undefined],
    ["autopilot: 사용자 관리 구현", undefined],
    ["/autopilot hulw build a dashboard", "always"],
    ["autopilot hulw 실시간 대시보드 생성", "always"],
    ["autopilot with fusion 인증 기능이 있는 앱", "always"],
    ["/autopilot with fusion build it", "always"],
  ])("%s switches the autopilot", (message, mode) => {
    const found = findKeyword(message);
    expect(found).toMatchObject({ autopilot: true });
    expect(found?.mode).toBe(mode);
    expect(found?.task).not.toMatch(/hulw|fusion|autopilot/);
  });

  it.each([
    ["a code block", "Explain this:\n```sh\n/hulw do it\n```"],
    ["an unclosed code block", "Explain:\n```\nfix it hulw"],
    ["a code block with tildes", "Explain:\n~~~\nhulw: x\n~~~"],
    ["inline code", "What does `X hulw` do, and what `hulw`"],
    ["inline code at the end", "왜 이 명령이 실패하지 `fix it ulw`"],
    ["double quotes", 'The log says "fix it with hulw"'],
    ["single quotes", "The log says 'fix it with hulw'"],
    ["Korean quotes", "문서에는 “구현하자 hulw”"],
    ["Korean brackets", "문서에는 「구현하자 hulw」"],
    ["a quoted line", "See:\n> please build it hulw"],
    ["a file's contents", '<file path="a.md">\nuse hulw\n</file>'],
    ["a document", "<document>hulw: everything</document>"],
    ["the middle of a sentence", "What is hulw and how do I use it?"],
    ["the middle of a Korean sentence", "hulw 키워드는 어떻게 쓰나요?"],
    ["a longer word", "rename the module to myulw"],
    ["a path", "open src/hulw"],
    ["a word with a hyphen", "call it pre-hulw"],
    ["a bare word before a task", "autopilot is a word here"],
    ["ultrawork without with", "I like ultrawork"],
    ["nothing", ""],
  ])("is not looked for in %s", (_, message) => {
    expect(findKeyword(message)).toBeUndefined();
  });

  it("is found beside foreign text, which the task keeps", () => {
    const message = "fix this hulw:\n```ts\nconst a = 1;\n```";
    expect(findKeyword(message)).toBeUndefined();
    const led = "hulw: fix this\n```ts\nconst hulw = 1;\n```";
    expect(findKeyword(led)).toMatchObject({ ...always, task: "fix this\n```ts\nconst hulw = 1;\n```" });
    expect(findKeyword("don't break it, it's the user's hulw")).toMatchObject(always);
  });
});

it.each(["/cancel-autopilot", "/fusion-setup", "/fusion-default-on", " /fusion-default-off "])(
  "%s is a command",
  (message) => {
    expect(findCommand(message)).toBe(message.trim().slice(1));
  },
);

it("a command is nothing but itself", () => {
  expect(findCommand("please /fusion-setup")).toBeUndefined();
  expect(findCommand("/fusion-setups")).toBeUndefined();
});
