import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium } from "playwright-core";
import { findChromium } from "../../tests/cli/dashboard/chromium.ts";
import { demoProject, recordedSwarm } from "../../tests/cli/dashboard/recordedSwarm.ts";
import { place, serve } from "../../tests/cli/dashboard/served.ts";
import { requestsOfAnHour, tellScene } from "./dashboardScene.ts";
import { progress } from "./report.ts";
import { asWebp, MOST } from "./webp.ts";

/** Events of the recorded swarm with which the pictures' play begins, and how long it plays (s). */
const FROM = 44;
const SECONDS = 25;

const PICTURES = [
  { name: "dashboard-dark", width: 1440, height: 0, colorScheme: "dark", locale: "en-US" },
  { name: "dashboard-light", width: 1440, height: 0, colorScheme: "light", locale: "en-US" },
  { name: "dashboard-phone", width: 375, height: 812, colorScheme: "dark", locale: "en-US" },
] as const;

/** Plays the recorded swarm for a while and takes the pictures of it. @param folder from the repository's root */
export async function draw(folder: string): Promise<void> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("No chromium here; scripts/setup-dev.sh gets one.");
  const { project, home, remove } = place();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    demoProject(project);
    const began = Date.now();
    requestsOfAnHour(join(home, ".local/state/oh-my-qwencoder"), began);
    const swarm = recordedSwarm(project, { events: FROM, now: began });
    await tellScene(swarm, 0);
    const served = await serve(project, home);
    progress(`plays for ${SECONDS} s`);
    for (let second = 0; second < SECONDS; second = (Date.now() - began) / 1_000) {
      swarm.advance(Date.now());
      await tellScene(swarm, second);
      await sleep(250);
    }
    mkdirSync(folder, { recursive: true });
    for (const picture of PICTURES) {
      await tellScene(swarm, SECONDS);
      const bytes = await taken(browser, served.url, picture);
      const file = join(folder, `${picture.name}.webp`);
      writeFileSync(file, bytes);
      progress(`${file}: ${Math.round(bytes.length / 1024)} KB`);
      if (bytes.length > MOST) throw new Error(`${file} has more than ${MOST / 1024} KB`);
    }
    await served.close();
  } finally {
    await browser.close();
    remove();
  }
}

async function taken(
  browser: Browser,
  url: string,
  { width, height, colorScheme, locale }: (typeof PICTURES)[number],
): Promise<Buffer> {
  const context = await browser.newContext({ viewport: { width, height: height || 900 }, colorScheme, locale });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector(".tree li");
  await page.waitForSelector(".tile.kvUsage strong:not(:text('–'))");
  await page.waitForTimeout(700);
  const png = await page.screenshot({ fullPage: height === 0, animations: "disabled" });
  const webp = await asWebp(page, png);
  await context.close();
  return webp;
}
