import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contextMarkdown } from "../../../src/core/context/markdown.ts";
import { type TaskContext, taskContextSchema } from "../../../src/core/context/taskContext.ts";

const context = (description: string): TaskContext =>
  taskContextSchema.parse({
    task: { description },
    files: { modified: ["src/auth/login.ts", "src/auth/signup.ts", "src/middleware/auth.ts"] },
    todos: { pending: ["비밀번호 검증 로직 추가", "세션 관리 구현"] },
    decisions: {
      recent: ["JWT 토큰 기반 인증 선택", "Redis 사용 for 세션 관리"],
      learnings: ["bcrypt로 비밀번호 해싱", "CORS 설정 필수"],
    },
    meta: {
      projectPath: "/opt/my-project",
      buildTime: "2026-01-28T15:30:00+09:00",
      claudeUsage: { fiveHourUsage: 87, weeklyUsage: 45 },
    },
  });

/** As the older tool's documents show it. */
const DOCUMENTED = `# 작업 핸드오프 컨텍스트

> Claude Code에서 OpenCode로 전환됨
> 생성 시간: 2026-01-28T15:30:00+09:00

---

## 세션 정보
| 항목 | 값 |
|------|-----|
| 프로젝트 경로 | \`/opt/my-project\` |
| 시간 | 2026-01-28T15:30:00+09:00 |
| 사용량 | 5시간: 87%, 주간: 45% |

## 현재 작업
로그인 기능 구현 중

## 미완료 TODO
- [ ] 비밀번호 검증 로직 추가
- [ ] 세션 관리 구현

## 최근 수정 파일
- src/auth/login.ts
- src/auth/signup.ts
- src/middleware/auth.ts

## 결정 사항
1. JWT 토큰 기반 인증 선택
2. Redis 사용 for 세션 관리

## 세션 학습
- bcrypt로 비밀번호 해싱
- CORS 설정 필수
`;

describe("a handoff as Markdown", () => {
  it("is as documented, in the language of the task", () => {
    expect(contextMarkdown(context("로그인 기능 구현 중"))).toBe(DOCUMENTED);
  });

  it("says from which tool to which it goes, in English too", () => {
    const text = contextMarkdown(context("Implementing login functionality"), { from: "opencode", to: "codex" });
    expect(text).toContain("# Task Handoff Context\n\n> Switched from OpenCode to Codex\n> Generated: 2026-01-28");
    expect(text).toContain("| Usage | 5-hour: 87%, Weekly: 45% |");
    for (const title of ["Current Task", "Pending TODOs", "Recently Modified Files", "Decisions", "Session Learnings"])
      expect(text).toContain(`\n## ${title}\n`);
  });

  it("cuts whole sections, the least important first, and names them", () => {
    const full = { ...context("Do it"), files: { modified: ["a.ts"], referenced: ["b.ts".repeat(100)] } };
    const text = contextMarkdown(full, { maxContextLength: 700, language: "en" });
    expect(text.length).toBeLessThanOrEqual(700);
    expect(text).toContain("> Left out for length: learnings, referenced files\n");
    expect(text).not.toContain("Session Learnings");
    expect(text).toContain("## Decisions");
  });

  it("never is longer than allowed, and keeps to its sections whatever stands in them", () => {
    const texts = fc.array(fc.string({ unit: "binary", maxLength: 300 }), { maxLength: 8 });
    const any = fc.record({
      task: fc.record({ description: fc.string({ maxLength: 3_000 }), goal: fc.string(), constraints: texts }),
      files: fc.record({ modified: texts, referenced: texts }),
      todos: fc.record({ pending: texts, inProgress: texts, completed: texts }),
      decisions: fc.record({ recent: texts, learnings: texts }),
      meta: fc.record({ projectPath: fc.constant("/p"), buildTime: fc.constant("2026-01-28T15:30:00Z") }),
    });
    fc.assert(
      fc.property(any, fc.integer({ min: 1_000, max: 6_000 }), (parts, maxContextLength) => {
        const text = contextMarkdown(taskContextSchema.parse(parts), { maxContextLength, language: "en" });
        expect(text.length).toBeLessThanOrEqual(maxContextLength);
        const titles = text.split("\n").filter((line) => line.startsWith("#"));
        expect(new Set(titles).size).toBe(titles.length);
        expect(titles.length).toBeLessThanOrEqual(10);
      }),
    );
  });
});
