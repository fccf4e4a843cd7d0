import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { findChromium } from "../../tests/cli/dashboard/chromium.ts";
import { demoProject, recordedSwarm } from "../../tests/cli/dashboard/recordedSwarm.ts";
import { place, serve } from "../../tests/cli/dashboard/served.ts";
import { requestsOfAnHour, tellScene } from "./dashboardScene.ts";
import { finish, machine, readArguments } from "./report.ts";
import { median } from "./statistics.ts";

const GOALS = { firstPaintMs: 1_000, updateMs: 250 };
const EVENTS = 5_000;
const SPANS = 3_000;
/** Updates are measured so often for every run of the page. */
const UPDATES = 10;

/**
 * The dashboard in a real Chromium, on a swarm of 8 with 5,000 events and 3,000 spans of the timeline: from the navigation to
 * the first picture with the swarm in it, and from an event appended to its log to its row in the page.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { json, count } = readArguments(args, { name: "runs", fallback: 10 });
  const executablePath = findChromium();
  if (!executablePath) throw new Error("No chromium here; scripts/setup-dev.sh gets one.");
  const about = machine("-");
  const { project, home, remove } = place();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    demoProject(project);
    const now = Date.now();
    requestsOfAnHour(join(home, ".local/state/oh-my-qwencoder"), now);
    const swarm = recordedSwarm(project, { events: 60, now });
    await tellScene(swarm, 1);
    const log = join(swarm.stateDir, "swarms", swarm.id, "events.jsonl");
    enlarge(swarm.stateDir, log, now);
    const served = await serve(project, home);
    const paints: number[] = [];
    const updates: number[] = [];
    for (let run = 0; run < count; run += 1) {
      await tellScene(swarm, run);
      const { paint, seen } = await look(browser, served.url, log);
      paints.push(paint);
      updates.push(...seen);
    }
    await served.close();
    const sorted = [...updates].sort((a, b) => a - b);
    const firstPaintMs = Math.round(median(paints));
    const updateMs = Math.round(median(updates));
    const p95 = Math.round(sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0);
    const worst = { firstPaintMs: Math.round(Math.max(...paints)), updateMs: Math.round(sorted.at(-1) ?? 0) };
    const met = worst.firstPaintMs <= GOALS.firstPaintMs && p95 <= GOALS.updateMs;
    const size = { events: EVENTS, spans: SPANS, workers: 8, runs: count, updates: updates.length };
    const result = {
      ...about,
      chromium: browser.version(),
      ...size,
      firstPaintMs,
      updateMs,
      updateP95Ms: p95,
      worst,
      goals: GOALS,
      met,
    };
    finish(
      result,
      [
        `first picture: median ${firstPaintMs} ms of ${count}, worst ${worst.firstPaintMs} (goal ${GOALS.firstPaintMs})`,
        `update: median ${updateMs} ms of ${updates.length}, 95 % below ${p95} (goal ${GOALS.updateMs}), worst ${worst.updateMs}`,
      ],
      json,
    );
  } finally {
    await browser.close();
    remove();
  }
}

/** A page of its own: its first picture, and how long each of some events takes to be seen. Times in ms. */
async function look(browser: Browser, url: string, log: string): Promise<{ paint: number; seen: number[] }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const drawn = () => document.querySelector(".event") !== null && document.querySelector(".phases .now") !== null;
    const watch = new MutationObserver(() => {
      if (!drawn()) return;
      watch.disconnect();
      // The frame after the one in which it came into the page: then it has been painted.
      requestAnimationFrame(() => requestAnimationFrame(() => Object.assign(window, { painted: performance.now() })));
    });
    watch.observe(document, { childList: true, subtree: true, attributes: true });
  });
  await page.goto(url);
  await page.waitForFunction(() => Reflect.has(window, "painted"));
  const paint = Number(await page.evaluate(() => Reflect.get(window, "painted")));
  await page.evaluate(() => {
    const times: Record<string, number> = {};
    Object.assign(window, { times });
    new MutationObserver(() => {
      for (const row of Array.from(document.querySelectorAll(".event .text")).slice(0, 4))
        times[row.textContent ?? ""] ??= performance.timeOrigin + performance.now();
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  const seen: number[] = [];
  for (let n = 0; n < UPDATES; n += 1) {
    const mark = `mark-${paint}-${n}`;
    const event = { type: "worker_nudged", at: Date.now(), worker: "w01", why: mark };
    const written = performance.timeOrigin + performance.now();
    appendFileSync(log, `${JSON.stringify(event)}\n`);
    const key = `"why":"${mark}"`;
    await page.waitForFunction((text) => Reflect.has(Reflect.get(window, "times"), text), key);
    seen.push(Number(await page.evaluate((text) => Reflect.get(Reflect.get(window, "times"), text), key)) - written);
  }
  await context.close();
  return { paint, seen };
}

/** Fills the recorded logs up to the size that is asked for, with events and calls as a long swarm has them. */
function enlarge(stateDir: string, log: string, now: number): void {
  mkdirSync(stateDir, { recursive: true });
  const events = readFileSync(log, "utf8").trimEnd().split("\n");
  for (let n = 0; events.length < EVENTS; n += 1) {
    const worker = `w0${1 + (n % 8)}`;
    events.push(
      JSON.stringify(
        n % 3 === 0
          ? { type: "worker_qa_ran", at: now, worker, command: "npm test", exit: n % 2, fingerprint: `f${n}` }
          : { type: "worker_wrote", at: now, worker, paths: [`src/part${n % 40}/file${n % 7}.ts`] },
      ),
    );
  }
  writeFileSync(log, `${events.join("\n")}\n`);
  const started = events.map((line): Record<string, unknown> => JSON.parse(line));
  const sessions = started.filter(({ type }) => type === "worker_started").map(({ session }) => String(session));
  const calls = Array.from({ length: SPANS }, (_, n) => {
    const start = now - 9_000 + (n % 375) * 24;
    return JSON.stringify({
      ...{
        session: sessions[n % sessions.length],
        role: "worker",
        call: `b${n}`,
        tool: "read",
        what: `read src/f${n}.ts`,
      },
      ...{ state: "ended", start, end: start + 15, ok: true },
    });
  });
  appendFileSync(join(stateDir, "calls.jsonl"), `${calls.join("\n")}\n`);
}
