import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { FileInbox } from "../../../src/adapters/log/fileInbox.ts";
import type { InboxMessage } from "../../../src/ports/inbox.ts";
import { put } from "../../cli/io.ts";

function stateDir(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-inbox-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, ".aegis");
}

const abort = (at: number): InboxMessage => ({ type: "abort", swarm: "s-1", at, reason: `at ${at}` });

/** Receives until `count` messages or problems have come. */
async function receive(inbox: FileInbox, count: number, outcome: "done" | "not-mine" = "done") {
  const got: InboxMessage[] = [];
  const problems: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const settle = () => got.length + problems.length >= count && resolve();
    inbox
      .receive(
        async (message) => {
          got.push(message);
          settle();
          return outcome;
        },
        (problem) => {
          problems.push(problem);
          settle();
        },
      )
      .then((stop) => onTestFinished(stop), reject);
  });
  return { got, problems };
}

describe("the inbox", () => {
  it("hands over what lay there and what comes, oldest first, and removes it", async () => {
    const dir = stateDir();
    const inbox = new FileInbox(dir);
    await inbox.send(abort(2000));
    await inbox.send(abort(1000));
    const receiving = receive(inbox, 3);
    await inbox.send(abort(3000));
    expect((await receiving).got.map((message) => message.at)).toEqual([1000, 2000, 3000]);
    await expect.poll(() => readdirSync(join(dir, "inbox"))).toEqual([]);
  });

  it.each(["{", "null", `{"type":"abort","swarm":"s-1","at":1}`, `{"type":"approve_design","swarm":"s-1","at":1}`])(
    "moves %s aside and says so",
    async (text) => {
      const dir = stateDir();
      put(join(dir, "inbox/1-x.json"), text);
      const { got, problems } = await receive(new FileInbox(dir), 1);
      expect([got, problems]).toEqual([[], [expect.stringContaining("1-x.json.rejected")]]);
      expect(readdirSync(join(dir, "inbox"))).toEqual(["1-x.json.rejected"]);
    },
  );

  it("leaves a message for another process, and can take it back once", async () => {
    const dir = stateDir();
    const inbox = new FileInbox(dir);
    const name = await inbox.send(abort(1));
    await receive(inbox, 1, "not-mine");
    expect(existsSync(join(dir, "inbox", name))).toBe(true);
    expect([await inbox.withdraw(name), await inbox.withdraw(name)]).toEqual([true, false]);
  });

  it("goes on after its directory was removed, and after a file stood in its place", async () => {
    const dir = stateDir();
    put(join(dir, "inbox"), "a file");
    const inbox = new FileInbox(dir);
    const got: InboxMessage[] = [];
    const problems: string[] = [];
    const stop = await inbox.receive(
      async (message) => {
        got.push(message);
        return "done";
      },
      (problem) => problems.push(problem),
    );
    onTestFinished(stop);
    await expect.poll(() => problems.some((problem) => problem.includes("cannot be read"))).toBe(true);
    rmSync(join(dir, "inbox"));
    await inbox.send(abort(1));
    await expect.poll(() => got.length, { timeout: 20_000 }).toBe(1);
    rmSync(join(dir, "inbox"), { recursive: true });
    await inbox.send(abort(2));
    await expect.poll(() => got.length, { timeout: 20_000 }).toBe(2);
    expect(problems.filter((problem) => problem.includes("cannot be read"))).toHaveLength(1);
  });
});
