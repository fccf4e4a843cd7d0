import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { takeForOpenCode, writeContext } from "../../../src/adapters/context/handoffFiles.ts";
import { writeNotes } from "../../../src/adapters/context/sessionFiles.ts";
import { newNotes, withWords } from "../../../src/core/context/sessionNotes.ts";
import { type TaskContext, taskContextSchema } from "../../../src/core/context/taskContext.ts";
import { ContextSynchronizer } from "../../../src/library/context/contextSynchronizer.ts";
import { makePlace } from "./world.ts";

const context = (description: string): TaskContext => taskContextSchema.parse({ task: { description } });

function synchronizer(localPath: string, remotePath: string): ContextSynchronizer {
  const sync = new ContextSynchronizer({ localPath, remotePath });
  onTestFinished(() => sync.close());
  return sync;
}

describe("with a directory", () => {
  it("pushes to both places, and the other side pulls it and tells it once", async () => {
    const { project } = makePlace();
    const remote = join(dirname(project), "shared");
    const [here, there] = [join(project, ".omcm"), join(dirname(project), "other/.aegis")];
    await synchronizer(here, remote).pushContext(context("build it"));
    expect(readFileSync(join(here, "handoff/context.md"), "utf8")).toContain("build it");
    const sync = synchronizer(there, remote);
    const told = vi.fn();
    sync.on("contextChanged", told);
    expect((await sync.pullContext())?.task.description).toBe("build it");
    await sync.pullContext();
    expect(told.mock.calls.map(([each]) => each.task.description)).toEqual(["build it"]);
    expect(JSON.parse(readFileSync(join(there, "handoff/context.json"), "utf8")).task.description).toBe("build it");
  });

  it("tells what another process writes there, while somebody listens", async () => {
    const { project } = makePlace();
    const remote = join(dirname(project), "shared");
    const sync = synchronizer(join(project, ".aegis"), remote);
    const told: string[] = [];
    sync.on("contextChanged", ({ task }) => told.push(task.description));
    writeContext(remote, context("from elsewhere"));
    await vi.waitFor(() => expect(told).toEqual(["from elsewhere"]), { timeout: 20_000 });
    sync.close();
    writeContext(remote, context("nobody listens"));
    expect(told).toHaveLength(1);
  });

  it("has nothing where nothing was pushed, and names a file that is no context", async () => {
    const { project } = makePlace();
    const remote = join(dirname(project), "shared");
    const sync = synchronizer(join(project, ".aegis"), remote);
    expect(await sync.pullContext()).toBeUndefined();
    writeContext(remote, context("x"));
    writeFileSync(join(remote, "context.json"), "[]");
    await expect(sync.pullContext()).rejects.toThrow("context.json is not as expected");
  });
});

describe("with OpenCode", () => {
  it("hands a context to the next message, once; one for a session waits for that session", async () => {
    const { project } = makePlace();
    const local = join(project, ".omcm");
    await synchronizer(local, "opencode://context").pushContext(context("for anybody"));
    await synchronizer(local, "opencode://session/ses_b").pushContext(context("for b"));
    const dir = join(project, ".aegis/handoff");
    const refused = vi.fn();
    const take = (session: string) => takeForOpenCode(dir, session, refused).map(({ task }) => task.description);
    expect(take("ses_a")).toEqual(["for anybody"]);
    expect(take("ses_a")).toEqual([]);
    expect(take("ses_b")).toEqual(["for b"]);
    writeFileSync(join(dir, "incoming.json"), "{not json");
    expect(take("ses_a")).toEqual([]);
    expect(refused).toHaveBeenCalledWith(join(dir, "incoming.json"));
    expect(existsSync(join(dir, "incoming.json"))).toBe(false);
  });

  it("pulls what its plugin noted", async () => {
    const { project } = makePlace();
    writeNotes(join(project, ".aegis"), withWords(newNotes("opencode", "ses_a", 1), "the board", 1));
    const pulled = await synchronizer(join(project, ".aegis"), "opencode://context").pullContext();
    expect(pulled).toMatchObject({ task: { description: "the board" }, meta: { sessionId: "ses_a" } });
  });
});

it("takes no other remote, and no other thing for a context", async () => {
  for (const remotePath of ["", "https://example.org/x", "opencode://nothing", "opencode://session/../x"])
    expect(() => new ContextSynchronizer({ localPath: "/p/.aegis", remotePath })).toThrow(RangeError);
  const { project } = makePlace();
  const sync = synchronizer(join(project, ".aegis"), join(project, "shared"));
  await expect(sync.pushContext({ task: "build it" } as never)).rejects.toThrow(TypeError);
});
