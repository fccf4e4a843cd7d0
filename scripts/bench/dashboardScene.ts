import { UsageLog } from "../../src/adapters/tracking/usageLog.ts";
import type { RecordedSwarm } from "../../tests/cli/dashboard/recordedSwarm.ts";

/** Made-up requests of the last hour, for the charts: mostly the house's own model, a few to others. */
export function requestsOfAnHour(stateHome: string, now: number): void {
  const log = new UsageLog(stateHome);
  for (let minute = 59; minute >= 0; minute -= 1) {
    const at = now - minute * 60_000;
    const busy = Math.round(9 + 7 * Math.sin(minute / 7) + ((minute * 7) % 5));
    for (let n = 0; n < busy; n += 1)
      log.append({
        ...{ at, provider: "local", agent: "worker", success: true, cacheHit: true, input: 9_200, output: 340 },
        duration: 1_900 + ((n * 731) % 4_000),
      });
    const other = {
      at,
      agent: "commander",
      success: true,
      cacheHit: true,
      input: 21_000,
      output: 900,
      duration: 6_400,
    };
    if (minute % 4 === 0) log.append({ ...other, provider: "claude" });
    if (minute % 6 === 0) log.append({ ...other, provider: "gemini", duration: 3_100 });
    if (minute % 11 === 0) log.append({ ...other, provider: "openai", duration: 4_800, success: minute !== 22 });
  }
}

/** What the Workers do at `second` of the picture, and a GPU that is busy with it. */
export function tellScene(swarm: RecordedSwarm, second: number): Promise<void> {
  const wave = (size: number, length: number, from: number) => from + size * Math.sin(second / length);
  const doing = (what: string, tokens: number) => ({ doing: what, tokens: Math.round(tokens + 190 * second) });
  return swarm.tell(
    {
      w01: doing("bash npm test -- src/store", 21_400),
      w02: doing("bash npm test -- src/api", 24_100),
      w03: doing("edit src/ui/ui.ts", 18_200),
      w04: doing("bash npm test -- src/notifications", 22_900),
      w05: { ...doing("bash npm run typecheck", 16_700), ...(second > 18 ? { ahead: 2 } : {}) },
      w06: doing("bash npm test -- src/auth", 15_300),
      w07: doing("read src/lib/result.ts", 12_800),
      w08: doing("bash npm test -- src/metrics", 13_600),
    },
    {
      running: Math.round(wave(2, 3, 6)),
      waiting: Math.max(0, Math.round(wave(1.6, 4, 0.9))),
      kvUsage: wave(0.12, 6, 0.44),
      prefixHits: wave(0.05, 8, 0.84),
      outputRate: wave(130, 2.6, 540),
      promptRate: wave(2_400, 2, 6_900),
    },
  );
}
