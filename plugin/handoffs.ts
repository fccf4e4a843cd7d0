import { existsSync } from "node:fs";
import path from "node:path";
import { takeForOpenCode } from "../src/adapters/context/handoffFiles.ts";
import { readNotes, writeNotes } from "../src/adapters/context/sessionFiles.ts";
import { RoutingState } from "../src/adapters/routing/routingState.ts";
import { policySettings } from "../src/config/policySettings.ts";
import type { Config } from "../src/config/schema.ts";
import { handoffThreshold, handoffWord } from "../src/core/context/handoffSign.ts";
import { HANDOFF_FILE, HANDOFF_TOOLS, type HandoffTool, typedLine } from "../src/core/context/handoffTool.ts";
import { contextMarkdown } from "../src/core/context/markdown.ts";
import {
  newNotes,
  type SessionNotes,
  type SessionTodo,
  withFile,
  withTodos,
  withWords,
} from "../src/core/context/sessionNotes.ts";
import { stillHolds } from "../src/core/routing/limits/usage.ts";
import { makePolicy } from "../src/core/routing/policy.ts";
import { languageOf } from "../src/core/workflow/person.ts";
import { messageOf } from "../src/ports/thrown.ts";
import type { SwarmServices } from "../src/runtime/services.ts";

/** Notes are written so long (ms) after what they note: a chat reads files by the dozen. */
const WRITE_AFTER_MS = 500;
/** Windows that are a person's limit; a server's load is none. */
const LIMITS: readonly string[] = ["5h", "daily", "weekly", "monthly"];

const TEXTS = {
  en: {
    keyword: (word: string) =>
      `"${word}": type /handoff to write what this work stands at for another tool or session.`,
    threshold: (percent: string) => `A limit is at ${percent} %: type /handoff to write what this work stands at.`,
    written: `The handoff is in ${HANDOFF_FILE}.`,
    goOn: "To go on with it, in the project's directory:",
    failed: (reason: string) => `The handoff could not be written: ${reason}`,
  },
  ko: {
    keyword: (word: string) =>
      `"${word}": /handoff 를 입력하면 다른 도구나 세션이 이어받을 수 있게 작업 상태를 기록합니다.`,
    threshold: (percent: string) => `사용량이 ${percent} % 입니다. /handoff 를 입력하면 작업 상태를 기록합니다.`,
    written: `핸드오프를 ${HANDOFF_FILE} 에 기록했습니다.`,
    goOn: "프로젝트 디렉터리에서 이어서 하려면:",
    failed: (reason: string) => `핸드오프를 기록하지 못했습니다: ${reason}`,
  },
} as const;

type Settings = Pick<Config, "autoHandoff" | "keywords" | "notifications" | "threshold">;
type Services = Pick<SwarmServices, "log" | "now" | "projectDir" | "sessions">;

/** Notes what a handoff out of a chat needs, hands contexts in, and sees when a handoff seems to be wanted. Never throws. */
export class Handoffs {
  private readonly services: Services;
  private readonly settings: Settings;
  private readonly primary: string;
  private readonly limits: Pick<RoutingState, "limits">;
  private readonly stateDir: string;
  private readonly notes = new Map<string, SessionNotes>();
  private readonly unwritten = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  /** Signs a person was told of, by session: once is enough. */
  private readonly told = new Set<string>();

  /** @param stateHome the product's state directory of this user */
  constructor(services: Services, config: Config, stateHome: string) {
    this.services = services;
    this.settings = config;
    this.primary = makePolicy(policySettings(config)).primary;
    this.limits = new RoutingState(stateHome);
    this.stateDir = path.join(services.projectDir, ".aegis");
  }

  /** A person wrote to a chat of theirs. @returns contexts that were left for it, as text for its model */
  async spoke(session: string, words: string): Promise<string[]> {
    try {
      this.note(session, (notes, now) => withWords(notes, words, now));
      const taken = takeForOpenCode(path.join(this.stateDir, "handoff"), session, (file) =>
        this.services.log(`${file} was no context and is taken away`),
      );
      await this.look(session, words);
      return taken.map((context) => contextMarkdown(context, { to: "opencode" }));
    } catch (error) {
      this.services.log("a handoff could not be looked after", error);
      return [];
    }
  }

  /** A tool call named a file. @param chat the session a person writes to, above the one that called */
  async touched(chat: () => Promise<string>, tool: string, args: unknown): Promise<void> {
    if (tool !== "read" && tool !== "edit" && tool !== "write") return;
    const file: unknown = Reflect.get(Object(args), "filePath");
    if (typeof file !== "string" || file === "") return;
    try {
      const session = await chat();
      this.note(session, (notes, now) => withFile(notes, file, now));
    } catch (error) {
      this.services.log("whose chat a file was read in is not known", error);
    }
  }

  listed(session: string, todos: readonly SessionTodo[]): void {
    this.note(session, (notes, now) => withTodos(notes, todos, now));
  }

  /** Carries out `/handoff [opencode|claude|codex]`. @returns what the person is told */
  async command(session: string, typed: string): Promise<string> {
    const wish = typed.replace(/^\s*--to[ =]/, "").trim();
    const to = HANDOFF_TOOLS.find((tool) => wish.toLowerCase().split(/\s+/)[0] === tool);
    const task = to === undefined ? wish : wish.slice(to.length).trim();
    return this.write(session, to ?? "opencode", task);
  }

  /** Writes what is not written yet. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    // A project without our directory gets none for a chat that nobody hands over.
    if (!existsSync(this.stateDir)) return;
    this.save();
  }

  private async write(session: string, to: HandoffTool, task = ""): Promise<string> {
    const said = this.notes.get(session)?.latest ?? task;
    const language = languageOf(said, "en");
    const texts = TEXTS[language];
    try {
      this.note(session, (notes) => notes);
      this.save();
      const { handOff } = await import("../src/library/context/handOff.ts");
      const { projectDir: projectPath } = this.services;
      const words = task === "" ? undefined : task;
      const { start, headless } = handOff({ projectPath, to, from: "opencode", session, task: words, language });
      return [texts.written, texts.goOn, `  ${typedLine(start)}`, `  ${typedLine(headless)}`].join("\n");
    } catch (error) {
      this.services.log("a handoff could not be written", error);
      return texts.failed(messageOf(error));
    }
  }

  private async look(session: string, words: string): Promise<void> {
    const { autoHandoff, keywords, notifications, threshold } = this.settings;
    const texts = TEXTS[languageOf(words, "en")];
    const word = handoffWord(words, keywords);
    const percent = handoffThreshold(await this.percents(), threshold);
    const signs = [
      word === undefined
        ? undefined
        : { key: `word ${word}`, text: texts.keyword(word), show: notifications.showOnKeyword },
      percent === undefined
        ? undefined
        : { key: "threshold", text: texts.threshold(percent.toFixed(0)), show: notifications.showOnThreshold },
    ].filter((sign) => sign !== undefined);
    for (const { key, text, show } of signs) {
      if (this.told.has(`${session} ${key}`)) continue;
      this.told.add(`${session} ${key}`);
      const notice = autoHandoff ? await this.write(session, "opencode") : text;
      if (show && !notifications.quietMode) this.show(notice);
    }
    if (percent === undefined) this.told.delete(`${session} threshold`);
  }

  private async percents(): Promise<number[]> {
    const now = this.services.now();
    return (await this.limits.limits()).flatMap((window) =>
      window.provider === this.primary &&
      window.blocks &&
      LIMITS.includes(window.windowKind) &&
      window.usedPercent !== undefined &&
      stillHolds(window, now)
        ? [window.usedPercent]
        : [],
    );
  }

  /** Not awaited: the host answers calls of ours, and the hook that says it holds a message up. */
  private show(text: string): void {
    const { sessions, log } = this.services;
    sessions.notice(text, "info").catch((lost: unknown) => log("no screen for a notice", lost));
  }

  private note(session: string, change: (notes: SessionNotes, now: number) => SessionNotes): void {
    const now = this.services.now();
    const known = this.notes.get(session) ?? this.kept(session) ?? newNotes("opencode", session, now);
    this.notes.set(session, change(known, now));
    this.unwritten.add(session);
    this.timer ??= setTimeout(() => this.flush(), WRITE_AFTER_MS).unref();
  }

  /** Of a process before this one. */
  private kept(session: string): SessionNotes | undefined {
    try {
      return readNotes(this.stateDir, session);
    } catch (error) {
      this.services.log("notes of a chat cannot be read and begin anew", error);
      return undefined;
    }
  }

  private save(): void {
    try {
      for (const session of this.unwritten) {
        const notes = this.notes.get(session);
        if (notes) writeNotes(this.stateDir, notes);
        this.unwritten.delete(session);
      }
    } catch (error) {
      this.services.log("notes of a chat cannot be written", error);
    }
  }
}
