import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { PoolServer } from "../../../src/ports/poolServers.ts";
import { ServerLostError } from "../../../src/ports/poolServers.ts";
import { ServerPool } from "../../../src/runtime/pool/serverPool.ts";

interface Live {
  end: () => void;
  answer: (() => void)[];
  /** Breaks the connections of its requests, while the server itself seems to live on. */
  breakOff: (() => void)[];
  well: boolean;
  /** In place of `well`: what a look that takes time comes to. */
  slow?: Promise<boolean>;
  looks: number;
}

/** Servers that answer when told to, on ports of which some are taken. */
class Farm {
  readonly live = new Map<number, Live>();
  readonly started: number[] = [];
  taken: readonly number[] = [];
  broken = false;

  async start(port: number): Promise<PoolServer | "taken"> {
    if (this.broken) throw new Error("no such program");
    if (this.taken.includes(port) || this.live.has(port)) return "taken";
    this.started.push(port);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const me: Live = { end, answer: [], breakOff: [], well: true, looks: 0 };
    this.live.set(port, me);
    const gone = () => {
      if (this.live.get(port) === me) this.live.delete(port);
      end();
    };
    me.end = gone;
    return {
      port,
      ended,
      ask: ({ prompt }, signal) =>
        new Promise((resolve, reject) => {
          me.answer.push(() =>
            resolve({ session: "ses_1", text: `${prompt} by ${port}`, tokens: { input: 1, output: 1, cached: 0 } }),
          );
          signal.addEventListener("abort", () => reject(signal.reason));
          me.breakOff.push(() => reject(new ServerLostError(`${port} broke off`)));
          void ended.then(() => reject(new ServerLostError(`${port} went away`)));
        }),
      healthy: async () => {
        me.looks += 1;
        return (await me.slow) ?? me.well;
      },
      stop: async () => gone(),
    };
  }

  answerAll(): void {
    for (const { answer } of this.live.values()) for (const one of answer.splice(0)) one();
  }
}

function pool(farm: Farm, more: Partial<ConstructorParameters<typeof ServerPool>[1]> = {}) {
  const clock = { now: 0 };
  const made = new ServerPool(farm, {
    minServers: 1,
    maxServers: 3,
    basePort: 4096,
    autoScale: true,
    healthEveryMs: 5,
    now: () => clock.now,
    log: () => undefined,
    ...more,
  });
  onTestFinished(() => made.shutdown());
  return { made, clock };
}

/** A look that comes to something when told to. */
function held() {
  let resolve: (well: boolean) => void = () => undefined;
  const promise = new Promise<boolean>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const never = new AbortController().signal;
const ask = (made: ServerPool, count: number) =>
  Array.from({ length: count }, (_, at) => made.execute({ prompt: `p${at}` }, never));

describe("a pool", () => {
  test("passes over taken ports", async () => {
    const farm = new Farm();
    farm.taken = [4096, 4097];
    const { made } = pool(farm);
    await made.initialize();
    expect(farm.started).toEqual([4098]);
  });

  test("grows above 80 % up to the most, and what found no place waits", async () => {
    const farm = new Farm();
    const { made } = pool(farm);
    await made.initialize();
    const first = ask(made, 8);
    await vi.waitFor(() => expect(farm.live.get(4096)?.answer).toHaveLength(8));
    expect(farm.started).toEqual([4096]);
    const more = ask(made, 30);
    await vi.waitFor(() => expect(farm.started).toHaveLength(3));
    const done = Promise.all([...first, ...more]);
    const answering = setInterval(() => farm.answerAll(), 1);
    onTestFinished(() => clearInterval(answering));
    expect(await done).toHaveLength(38);
    expect(farm.started).toHaveLength(3);
    expect(made.status()).toMatchObject({ activeServers: 3, busyServers: 0, totalRequests: 38 });
  });

  test("shrinks below 30 % after a minute, one at a time, to the least", async () => {
    const farm = new Farm();
    const { made, clock } = pool(farm, { minServers: 1 });
    await made.initialize();
    const asked = ask(made, 20);
    await vi.waitFor(() => expect(farm.started.length).toBeGreaterThanOrEqual(2));
    const answering = setInterval(() => farm.answerAll(), 1);
    onTestFinished(() => clearInterval(answering));
    await Promise.all(asked);
    const before = made.status().activeServers;
    await new Promise((resolve) => setImmediate(resolve));
    expect(made.status().activeServers).toBe(before);
    for (let left = before - 1; left >= 1; left -= 1) {
      clock.now += 60_001;
      await vi.waitFor(() => expect(made.status().activeServers).toBe(left));
    }
    clock.now += 600_000;
    await vi.waitFor(() => expect(made.available()?.busyCount).toBe(0));
    expect(made.status().activeServers).toBe(1);
  });

  test("a server that dies is started again on its port, and its requests are done elsewhere", async () => {
    const farm = new Farm();
    const { made } = pool(farm, { minServers: 2, autoScale: false });
    await made.initialize();
    const asked = ask(made, 2);
    await vi.waitFor(() => expect([...farm.live.values()].flatMap(({ answer }) => answer)).toHaveLength(2));
    farm.live.get(4096)?.end();
    await vi.waitFor(() => expect(farm.started).toEqual([4096, 4097, 4096]));
    await vi.waitFor(() => {
      farm.answerAll();
      expect(made.status().busyServers).toBe(0);
    });
    expect((await Promise.all(asked)).map(({ text }) => text.slice(0, 2))).toEqual(["p0", "p1"]);
  });

  test("one that hangs is replaced at the next look", async () => {
    const farm = new Farm();
    const { made } = pool(farm);
    await made.initialize();
    const [asked] = ask(made, 1);
    await vi.waitFor(() => expect(farm.live.get(4096)?.answer).toHaveLength(1));
    const hung = farm.live.get(4096);
    if (hung) hung.well = false;
    await vi.waitFor(() => expect(farm.started).toEqual([4096, 4096]));
    await vi.waitFor(() => {
      farm.answerAll();
      expect(made.status().busyServers).toBe(0);
    });
    expect(await asked).toMatchObject({ text: "p0 by 4096" });
  });

  test("one that hangs is looked at once, however often its time comes", async () => {
    const farm = new Farm();
    const { made } = pool(farm, { healthEveryMs: 1 });
    await made.initialize();
    const server = farm.live.get(4096);
    if (!server) throw new Error("no server");
    const look = held();
    server.slow = look.promise;
    await vi.waitFor(() => expect(server.looks).toBeGreaterThan(0));
    const looks = server.looks;
    // Several looks are due meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.looks).toBe(looks);
    look.resolve(false);
    await vi.waitFor(() => expect(farm.started).toEqual([4096, 4096]));
  });

  test("one that answered a prompt during a look that found nothing stays", async () => {
    const farm = new Farm();
    const { made } = pool(farm, { healthEveryMs: 1 });
    await made.initialize();
    const server = farm.live.get(4096);
    if (!server) throw new Error("no server");
    const [asked] = ask(made, 1);
    await vi.waitFor(() => expect(server.answer).toHaveLength(1));
    const look = held();
    const looks = server.looks;
    server.slow = look.promise;
    await vi.waitFor(() => expect(server.looks).toBeGreaterThan(looks));
    farm.answerAll();
    expect(await asked).toMatchObject({ text: "p0 by 4096" });
    server.slow = Promise.resolve(true);
    look.resolve(false);
    const before = server.looks;
    await vi.waitFor(() => expect(server.looks).toBeGreaterThan(before + 1));
    expect(farm.started).toEqual([4096]);
  });

  test("a request whose connection broke is not given to the same server before that was looked at", async () => {
    const farm = new Farm();
    const { made } = pool(farm, { healthEveryMs: 60_000 });
    await made.initialize();
    const [asked] = ask(made, 1);
    const server = farm.live.get(4096);
    await vi.waitFor(() => expect(server?.answer).toHaveLength(1));
    if (server) server.well = false;
    for (const broken of server?.breakOff ?? []) broken();
    await vi.waitFor(() => expect(farm.started).toEqual([4096, 4096]));
    await vi.waitFor(() => {
      farm.answerAll();
      expect(made.status().busyServers).toBe(0);
    });
    expect(await asked).toMatchObject({ text: "p0 by 4096" });
    expect(server?.answer).toHaveLength(1);
  });

  test("a broken connection to a server that is well is no reason to end it", async () => {
    const farm = new Farm();
    const { made } = pool(farm, { healthEveryMs: 60_000 });
    await made.initialize();
    const [first, second] = ask(made, 2);
    const server = farm.live.get(4096);
    await vi.waitFor(() => expect(server?.answer).toHaveLength(2));
    server?.breakOff[0]?.();
    await vi.waitFor(() => expect(server?.answer).toHaveLength(3));
    farm.answerAll();
    expect((await Promise.all([first, second])).map((one) => one?.text)).toEqual(["p0 by 4096", "p1 by 4096"]);
    expect(farm.started).toEqual([4096]);
  });

  test("a second loss is the request's end", async () => {
    const farm = new Farm();
    const { made } = pool(farm);
    await made.initialize();
    const [asked] = ask(made, 1);
    const lost = expect(asked).rejects.toThrow(ServerLostError);
    for (const _ of [1, 2]) {
      await vi.waitFor(() => expect(farm.live.get(4096)?.answer).toHaveLength(1));
      farm.live.get(4096)?.end();
    }
    await lost;
  });

  test("says what is wrong: no server, no port, shut down", async () => {
    const farm = new Farm();
    farm.broken = true;
    await expect(pool(farm).made.initialize()).rejects.toMatchObject({ code: "empty", message: /no such program/ });
    const full = new Farm();
    full.taken = Array.from({ length: 100 }, (_, at) => 4096 + at);
    await expect(pool(full).made.initialize()).rejects.toThrow("Choose another basePort");
    const { made } = pool(new Farm());
    await made.initialize();
    const [asked] = ask(made, 1);
    const refused = expect(asked).rejects.toThrow();
    await made.shutdown();
    await refused;
    await expect(made.execute({ prompt: "x" }, never)).rejects.toMatchObject({ code: "closed" });
  });
});
