import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adviseServing, CONFIDENCE, probabilityAllFit, routedServers } from "../../../vllm/capacity/advice.ts";
import { gpus } from "../../../vllm/capacity/gpus.ts";
import { isCovered, printsOldTokens, takesCheckpoints } from "../../../vllm/capacity/versions.ts";

/** The same probability by counting every way of hashing. */
function counted(sessions: number, servers: number, room: number): number {
  let good = 0;
  const ways = servers ** sessions;
  for (let way = 0; way < ways; way += 1) {
    const load = new Array<number>(servers).fill(0);
    for (let left = way, session = 0; session < sessions; session += 1, left = Math.floor(left / servers))
      load[left % servers] = (load[left % servers] ?? 0) + 1;
    if (Math.max(...load) <= room) good += 1;
  }
  return good / ways;
}

describe("how to serve a swarm", () => {
  it("is one server where it holds 8 Workers with fp8 KV, with Librarians too; two where bf16 holds 15.6 of 17", () => {
    expect(adviseServing(8, 30.3)).toMatchObject({
      one_server: true,
      one_server_with_librarians: true,
      routed_servers: 1,
      recommended: "one-server",
    });
    expect(adviseServing(8, 20)).toMatchObject({ one_server: true, one_server_with_librarians: false });
    expect(adviseServing(8, 15.6)).toMatchObject({
      sessions_per_server: 15,
      one_server: false,
      data_parallel_size: 2,
      routed_servers: 2,
      recommended: "routed-servers",
    });
    expect(adviseServing(8, 0.9)).toMatchObject({
      data_parallel_size: null,
      routed_servers: null,
      recommended: "bigger-server",
    });
  });

  it("counts on an uneven hash: 61 sessions of 31 a server need three, not two", () => {
    expect(routedServers(61, 31)).toBe(3);
    expect(probabilityAllFit(61, 2, 31)).toBeLessThan(CONFIDENCE);
    expect(probabilityAllFit(61, 3, 31)).toBeGreaterThanOrEqual(CONFIDENCE);
  });

  it("has the probability of counting every hashing", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 6 }),
        (sessions, servers, room) => {
          expect(probabilityAllFit(sessions, servers, room)).toBeCloseTo(counted(sessions, servers, room), 9);
        },
      ),
    );
  });

  it("never needs fewer routed servers than an even spread, nor more where each holds more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 }), (workers, room) => {
        const advice = adviseServing(workers, room);
        const roomier = adviseServing(workers, room + 1);
        if (advice.routed_servers === null || roomier.routed_servers === null) return;
        expect(advice.routed_servers).toBeGreaterThanOrEqual(advice.data_parallel_size ?? 0);
        expect(roomier.routed_servers).toBeLessThanOrEqual(advice.routed_servers);
      }),
      { numRuns: 60 },
    );
  });
});

describe("versions", () => {
  it("0.33 takes checkpoints on Hopper only; before 0.22 the token figure is another; 0.34 was not read", () => {
    const gpu = (id: string) => gpus().find((one) => one.id === id);
    expect(
      [
        ["0.33.0", "h200"],
        ["0.33.1+cu130", "h100"],
        ["0.32.0", "h200"],
        ["0.33.0", "rtx-pro-6000"],
      ].map(([version = "", id = ""]) => takesCheckpoints(version, gpu(id))),
    ).toEqual([true, true, false, false]);
    expect(["0.21.1", "0.22.0"].map(printsOldTokens)).toEqual([true, false]);
    expect(["0.9.2", "0.10.0", "0.33.0", "0.34.0", "1.0.0"].map(isCovered)).toEqual([false, true, true, false, false]);
  });
});
