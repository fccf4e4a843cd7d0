import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeNotes } from "../../../src/adapters/context/sessionFiles.ts";
import { FileEventLogs } from "../../../src/adapters/log/fileEventLogs.ts";
import { newNotes, withTodos, withWords } from "../../../src/core/context/sessionNotes.ts";
import { buildContext } from "../../../src/library/context/buildContext.ts";
import { ContextSynchronizer } from "../../../src/library/context/contextSynchronizer.ts";
import { handOff } from "../../../src/library/context/handOff.ts";
import { serializeContextToJSON, serializeContextToMarkdown } from "../../../src/library/context/serializeContext.ts";
import { SWARM, writeSwarm } from "../../cli/swarm/liveSwarm.ts";
import { ENV_FILES, PLANTED } from "./plantedSecrets.ts";
import { file, git, makePlace } from "./world.ts";

/** Names of secrets that a text holds, whole or as JSON would write them. */
const found = (text: string) =>
  PLANTED.filter(([, secret]) => text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1))).map(
    ([name]) => name,
  );
const sentences = PLANTED.map(([, , sentence]) => sentence);

it("at least thirty kinds are planted, and each is found where it stands", () => {
  expect(PLANTED.length).toBeGreaterThanOrEqual(30);
  expect(found(sentences.join("\n"))).toHaveLength(PLANTED.length);
});

it("none of them enters a handoff: from git, messages, todos, events, or what a program hands in", async () => {
  const { project, env } = makePlace();
  git(project, "init", "-q");
  for (const [path, text] of Object.entries(ENV_FILES)) file(project, path, text);
  const all = sentences.join("\n");
  // A name of a file may be a secret that is known by its form; its contents and a commit's words do not enter at all.
  const named = PLANTED.flatMap(([, secret, sentence]) => (sentence.startsWith("use ") ? [secret] : []));
  for (const name of named) file(project, `notes/${name}.txt`, all);
  git(project, "add", "-A");
  git(project, "commit", "-qm", all);
  for (const name of named) file(project, `changed/${name}.txt`, all);
  const stateDir = join(project, ".aegis");
  const todos = sentences.map((content) => ({ content, status: "pending" }));
  writeNotes(stateDir, withTodos(withWords(newNotes("opencode", "ses_1", 1), all, 1), todos, 1));
  await writeSwarm(project);
  await new FileEventLogs(stateDir).append(SWARM, [
    ...sentences.map((reason) => ({
      type: "gate_overridden" as const,
      at: Date.now(),
      gate: "design" as const,
      reason,
    })),
    { type: "worker_failed", at: Date.now(), worker: "w01", reason: all },
  ]);
  file(project, "aegis.jsonc", JSON.stringify({ context: { recentFilesLimit: 1_000, maxContextLength: 500_000 } }));
  const written = handOff({ projectPath: project, to: "claude", task: all, env });
  const built = buildContext({ projectPath: project, env });
  expect(built.files.modified.length).toBeGreaterThan(2 * named.length);
  expect(built.todos.pending.length).toBeGreaterThanOrEqual(PLANTED.length);
  expect(built.decisions.recent.length).toBe(40);
  const handed = { ...built, task: { description: all, goal: all, constraints: sentences } };
  const sync = new ContextSynchronizer({ localPath: stateDir, remotePath: "opencode://context" });
  await sync.pushContext(handed);
  const handoffDir = join(stateDir, "handoff");
  const files = readdirSync(handoffDir).map((name) => readFileSync(join(handoffDir, name), "utf8"));
  expect(files.length).toBe(3);
  const texts = [
    ...files,
    readFileSync(written.file, "utf8"),
    JSON.stringify(built),
    serializeContextToMarkdown(handed, { maxContextLength: 500_000 }),
    serializeContextToJSON(handed, { maxContextLength: 500_000 }),
  ];
  for (const text of texts) expect(found(text)).toEqual([]);
  // What a chat said is kept without what is known by its form; `.env` values go when it is handed over.
  const kept = found(readFileSync(join(stateDir, "sessions/ses_1.json"), "utf8"));
  expect(kept.filter((name) => !name.startsWith(".env"))).toEqual([]);
});
