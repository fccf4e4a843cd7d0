import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writeLive } from "../../../src/adapters/view/liveFile.ts";
import { findChromium } from "./chromium.ts";
import { AT_WORK, demoProject, type RecordedSwarm, recordedSwarm } from "./recordedSwarm.ts";
import { place, type Served, serve } from "./served.ts";
import { startWire, type Wire } from "./wire.ts";

const executablePath = findChromium();
if (!executablePath)
  process.stderr.write("No chromium here: the dashboard's page is not looked at (scripts/setup-dev.sh).\n");

const HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';

describe.skipIf(!executablePath)("the dashboard in a browser", () => {
  let browser: Browser;
  const { dir, project, home, remove } = place();
  let served: Served;
  let swarm: RecordedSwarm;
  let page: Page;
  const outside: string[] = [];

  /** A page of a person's own: every request that leaves the dashboard's server is noted and refused. */
  const open = async (
    to: Served,
    more: { width?: number; height?: number; colorScheme?: "dark" | "light"; locale?: string; wire?: Wire } = {},
  ): Promise<Page> => {
    const { width = 1280, height = 900, wire, ...rest } = more;
    const context = await browser.newContext({
      viewport: { width, height },
      ...{ locale: "en-US", colorScheme: "dark" },
      ...rest,
      // Without the word a browser asks this machine itself, past any proxy.
      ...(wire ? { proxy: { server: wire.server, bypass: "<-loopback>" } } : {}),
    });
    await context.route("**", (route) => {
      const { origin } = new URL(route.request().url());
      if (origin === to.base || route.request().url().startsWith("data:")) return route.continue();
      outside.push(route.request().url());
      return route.abort();
    });
    const made = await context.newPage();
    made.on("pageerror", (error) => outside.push(`error in the page: ${error.message}`));
    made.on("console", (message) => {
      if (message.type() === "error") outside.push(`console: ${message.text()}`);
    });
    await made.goto(to.url);
    return made;
  };

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    demoProject(project);
    swarm = recordedSwarm(project, { events: AT_WORK, now: Date.now() - 1_000 });
    await swarm.tell(
      { w01: { doing: "edit src/store/store.ts", tokens: 12_300 }, w02: { ahead: 2 } },
      { running: 6, waiting: 2, kvUsage: 0.41, prefixHits: 0.83, outputRate: 512, promptRate: 9_400 },
    );
    served = await serve(project, home);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    remove();
  });
  beforeEach(async () => {
    await swarm.tell(
      { w01: { doing: "edit src/store/store.ts", tokens: 12_300 }, w02: { ahead: 2 } },
      { running: 6, waiting: 2, kvUsage: 0.41, prefixHits: 0.83, outputRate: 512, promptRate: 9_400 },
    );
  });

  const text = (selector: string) => page.locator(selector).first().textContent();

  it("shows a swarm as it goes on, without being loaded anew", async () => {
    page = await open(served);
    await page.waitForSelector(".phases .now >> text=monitoring");
    expect(new URL(page.url()).hash).toBe("");
    expect(await page.locator(".card").count()).toBe(8);
    expect(await text("[data-worker=w01] .doing")).toBe("edit src/store/store.ts");
    expect(await text("[data-worker=w02] .doing")).toContain("2 ahead");
    await page.waitForSelector(".tile.kvUsage >> text=41%");
    expect(await text(".tile.prefixHits strong")).toBe("83%");
    expect(await text(".tile.running strong")).toBe("6");
    expect(await page.locator(".lanes li").count()).toBeGreaterThanOrEqual(9);
    await page.waitForSelector(".tree [data-path='src/store'] .chip >> text=w01");
    const before = Number(await text(".events .count"));
    await page.evaluate(() => Object.assign(window, { still: true }));
    swarm.append({ type: "worker_advanced", at: Date.now(), worker: "w03", stage: "self-qa" });
    await page.waitForSelector("[data-worker=w03][data-status=self-qa]");
    await page.waitForFunction((n) => document.querySelector(".events .count")?.textContent === String(n), before + 1);
    expect(await page.evaluate(() => Reflect.get(window, "still"))).toBe(true);
    swarm.append({
      ...{ type: "worker_reported", at: Date.now(), worker: "w03", status: "completed", summary: "the board" },
      ...{ qa: [], qaVerified: true },
    });
    await page.waitForSelector("[data-worker=w03][data-status=completed]");
    expect(await text(".kpi.ring strong")).toBe("1/8");
    expect(outside).toEqual([]);
  });

  it("draws what sessions did, and says it in words as well", async () => {
    const marks = await page.evaluate(() => {
      const canvas = document.querySelector("canvas");
      const data = canvas?.getContext("2d")?.getImageData(0, 44, canvas.width, canvas.height - 44).data ?? [];
      const colours = new Map<string, number>();
      for (let at = 0; at < data.length; at += 4) {
        const key = `${data[at]},${data[at + 1]},${data[at + 2]}`;
        if ((data[at + 3] ?? 0) === 255) colours.set(key, (colours.get(key) ?? 0) + 1);
      }
      return Object.fromEntries(colours);
    });
    // The dark colours of a tool and of the model.
    expect(marks["47,195,162"]).toBeGreaterThan(100);
    expect(marks["111,143,255"]).toBeGreaterThan(20);
    expect(await text(".lanes li:nth-child(2) .sr")).toMatch(
      /^w01 Notice store: model \d+s, tools \d+s, waiting \d+s$/,
    );
  });

  it("filters the events, and shows one whole", async () => {
    await page.getByRole("searchbox").fill("worker started");
    await page.getByRole("combobox", { name: "All types" }).selectOption("worker_started");
    await page.getByRole("searchbox").fill("");
    expect(await text(".events .count")).toMatch(/^8 of \d+$/);
    await page.getByRole("combobox", { name: "Everybody" }).selectOption("w05");
    expect(await text(".events .count")).toMatch(/^1 of \d+$/);
    await page.locator(".event").first().click();
    await page.waitForFunction(() => document.querySelector(".detail pre")?.textContent?.includes('"worker_started"'));
    await page.getByRole("button", { name: "Close" }).click();
    expect(await page.locator(".detail").isHidden()).toBe(true);
    await page.getByRole("searchbox").fill("no such words anywhere");
    expect(await page.getByText("No event fits.").isVisible()).toBe(true);
    await page.getByRole("searchbox").fill("");
    await page.getByRole("combobox", { name: "All types" }).selectOption("");
    await page.getByRole("combobox", { name: "Everybody" }).selectOption("");
  });

  it("is used with the keyboard alone, and shows where the focus is", async () => {
    await page.reload();
    await page.waitForSelector(".tree li");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("skip");
    const reached = new Set<string>();
    for (let step = 0; step < 24; step += 1) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const element = document.activeElement;
        const outline = element ? getComputedStyle(element).outlineStyle : "none";
        return { name: element?.getAttribute("aria-label") ?? element?.tagName ?? "", visible: outline !== "none" };
      });
      reached.add(seen.name);
      if (seen.name !== "BODY") expect(seen, seen.name).toMatchObject({ visible: true });
    }
    for (const name of ["Swarm", "Dark or light", "Timeline", "Search"]) expect([...reached]).toContain(name);
    await page.locator("canvas").focus();
    const whole = await page.evaluate(() => document.querySelector("canvas")?.toDataURL());
    await page.keyboard.press("ArrowDown");
    expect(await text(".timeline [aria-live]")).toContain("Commander");
    await page.keyboard.press("+");
    expect(await page.evaluate(() => document.querySelector("canvas")?.toDataURL())).not.toBe(whole);
    await page.keyboard.press("0");
    await page.locator(".log").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector(".detail pre")?.textContent?.startsWith("{"));
    await page.keyboard.press("Escape");
    expect(await page.locator(".detail").isHidden()).toBe(true);
    await page.locator(".tree [tabindex='0']").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const src = page.locator(".tree [data-path='src']");
    await src.click();
    expect(await src.getAttribute("aria-expanded")).toBe("false");
    await page.keyboard.press("ArrowRight");
    expect(await src.getAttribute("aria-expanded")).toBe("true");
  });

  it("is dark or light as the system is, and as the person wants it", async () => {
    const ground = (of: Page) => of.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await open(served, { colorScheme: "light" });
    expect(await ground(light)).toBe("rgb(244, 246, 250)");
    await light.getByRole("button", { name: "Dark or light" }).click();
    expect(await ground(light)).toBe("rgb(10, 13, 19)");
    await light.reload();
    await light.waitForSelector(".phases .now");
    expect(await ground(light)).toBe("rgb(10, 13, 19)");
    await light.context().close();
  });

  it("speaks Korean where the browser does, and on demand", async () => {
    const korean = await open(served, { locale: "ko-KR" });
    await korean.getByRole("heading", { name: "타임라인" }).waitFor();
    expect(await korean.evaluate(() => document.documentElement.lang)).toBe("ko");
    await korean.getByRole("button", { name: "English" }).click();
    await korean.getByRole("heading", { name: "Timeline" }).waitFor();
    await korean.context().close();
  });

  it("fits a screen of 375 pixels", async () => {
    const phone = await open(served, { width: 375, height: 812 });
    await phone.waitForSelector(".card");
    await phone.waitForSelector(".tree li");
    const [inside, wide] = await phone.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    expect(inside).toBe(wide);
    const cut = await phone.evaluate(
      () =>
        Array.from(document.querySelectorAll(".panel")).filter((panel) => panel.getBoundingClientRect().right > 375)
          .length,
    );
    expect(cut).toBe(0);
    await phone.context().close();
  });

  it("shows hostile words as words", async () => {
    const now = Date.now();
    swarm.append(
      { type: "person_spoke", at: now, excerpt: HOSTILE, skipAsked: false, autopilot: false, language: "en" },
      { type: "worker_wrote", at: now, worker: "w04", paths: [`src/notifications/${HOSTILE.replaceAll("/", "")}`] },
      { type: "worker_failed", at: now, worker: "w04", reason: HOSTILE },
    );
    await swarm.tell({ w05: { doing: HOSTILE.slice(0, 60) } });
    await page.waitForFunction((words) => document.querySelector(".events")?.textContent?.includes(words), HOSTILE);
    await page.waitForFunction(() => document.querySelector("[data-worker=w05] .doing")?.textContent?.includes("<img"));
    await page.waitForFunction(() => document.querySelector(".tree")?.textContent?.includes("<img"));
    await page.locator(".event", { hasText: "person spoke" }).first().click();
    await page.waitForFunction(() => document.querySelector(".detail pre")?.textContent?.includes("onerror"));
    expect(await page.evaluate(() => Reflect.get(window, "hit"))).toBeUndefined();
    expect(await page.locator("main img").count()).toBe(0);
    expect(outside).toEqual([]);
  });

  it("asks for the token where there is none or a wrong one", async () => {
    const context = await browser.newContext({ locale: "en-US" });
    const stranger = await context.newPage();
    await stranger.goto(`${served.base}/#token=wrong-wrong-wrong`);
    await stranger.getByRole("heading", { name: "This page needs its token" }).waitFor();
    await stranger.getByLabel("Token").fill(served.url);
    await stranger.keyboard.press("Enter");
    await stranger.waitForSelector(".card");
    await context.close();
  });

  it("greets a project without a swarm, and shows the first one when it comes", async () => {
    const fresh = join(dir, "fresh");
    mkdirSync(join(fresh, ".git"), { recursive: true });
    const other = await serve(fresh, home);
    try {
      const empty = await open(other);
      await empty.getByRole("heading", { name: "No swarm in this project yet" }).waitFor();
      recordedSwarm(fresh, { events: AT_WORK, now: Date.now() });
      await empty.waitForSelector(".card");
      expect(await empty.locator(".welcome").isHidden()).toBe(true);
      await empty.context().close();
    } finally {
      await other.close();
    }
  });

  it("shows a finished swarm beside the one that runs, and names a file that cannot be read", async () => {
    const older = "s-20250101-000000-aaaa";
    const file = join(project, ".aegis/swarms", older, "events.jsonl");
    mkdirSync(dirname(file), { recursive: true });
    const done = recordedSwarm(join(dir, "done"), { events: 10_000, now: Date.parse("2025-01-01T00:01:00Z") });
    writeFileSync(
      file,
      readFileSync(join(done.stateDir, "swarms", done.id, "events.jsonl"), "utf8").replaceAll(done.id, older),
    );
    await page.waitForFunction(() => (document.querySelector("select")?.options.length ?? 0) >= 3);
    await page.getByRole("combobox", { name: "Swarm", exact: true }).selectOption(older);
    await page.waitForSelector(".state.ended");
    expect(await text(".kpi.ring strong")).toBe("8/8");
    expect(await page.locator(".gpu").isHidden()).toBe(true);
    await page.getByRole("combobox", { name: "Swarm", exact: true }).selectOption("");
    await page.waitForSelector(".phases .now");
    writeFileSync(join(project, ".aegis/live.json"), "{ torn");
    await page.waitForFunction(() => document.querySelector(".notice")?.textContent?.includes("live.json"));
    await writeLive(join(project, ".aegis"), {
      ...{ at: Date.now(), pid: 1, swarm: swarm.id, primary: "local", workers: {}, servers: [] },
    });
    await page.waitForFunction(() => !document.querySelector(".notice")?.textContent?.includes("live.json"));
  });

  describe("over time", () => {
    const live = place();
    let own: RecordedSwarm;
    let dashboard: Served;
    let view: Page;
    let wire: Wire;
    const token = "t".repeat(40);

    beforeAll(async () => {
      demoProject(live.project);
      own = recordedSwarm(live.project, { events: AT_WORK, now: Date.now() - 5_000 });
      dashboard = await serve(live.project, live.home, { token });
      wire = await startWire();
      view = await open(dashboard, { wire });
      await view.waitForSelector("[data-worker=w08]");
    });
    afterAll(async () => {
      await view?.context().close();
      await dashboard?.close();
      await wire?.close();
      live.remove();
    });

    const counted = async () => Number(await view.locator(".events .count").textContent());
    const counts = (n: number) =>
      view.waitForFunction((want) => document.querySelector(".events .count")?.textContent === want, String(n));
    const kind = (name: string) => view.waitForSelector(`.state.${name}`);
    /** What could be there twice: cards, rows of the timeline, events, swarms to choose. */
    const shape = async () => ({
      cards: await view.locator(".card").count(),
      lanes: await view.locator(".lanes li").count(),
      // The first helper's: nothing of it goes on.
      lane: await view.locator(".lanes li:nth-child(10) .sr").textContent(),
      events: await counted(),
      drawn: await view.locator(".event").evaluateAll((all) => new Set(all.map(({ id }) => id)).size === all.length),
      swarms: await view.getByRole("combobox", { name: "Swarm", exact: true }).locator("option").count(),
    });
    const advanced = (worker: string, stage: "implementing" | "self-qa") =>
      own.append({ type: "worker_advanced", at: Date.now(), worker, stage });

    it("takes a line when it is whole, and not what a crash has torn", async () => {
      const before = await counted();
      const log = join(own.stateDir, "swarms", own.id, "events.jsonl");
      const line = JSON.stringify({ type: "worker_advanced", at: Date.now(), worker: "w02", stage: "self-qa" });
      appendFileSync(log, line.slice(0, 30));
      // Something else that changes shows that the torn line was looked at.
      await own.tell({ w01: { doing: "read after the tear" } });
      await view.waitForFunction(() => document.querySelector("main")?.textContent?.includes("read after the tear"));
      expect(await counted()).toBe(before);
      expect(await view.locator(".notice").textContent()).not.toContain("events.jsonl");
      appendFileSync(log, `${line.slice(30)}\n`);
      await view.waitForSelector("[data-worker=w02][data-status=self-qa]");
      await counts(before + 1);
      // The next to write cuts a torn line off.
      appendFileSync(log, line.slice(0, 40));
      await own.tell({ w01: { doing: "read after another" } });
      await view.waitForFunction(() => document.querySelector("main")?.textContent?.includes("read after another"));
      truncateSync(log, statSync(log).size - 40);
      advanced("w03", "self-qa");
      await counts(before + 2);
      expect(await view.locator(".notice").textContent()).not.toContain("events.jsonl");
    });

    it("keeps the timeline where its logs are turned over", async () => {
      await view.waitForFunction(() => / tools [1-9]\d*s/.test(document.querySelector(".lanes")?.textContent ?? ""));
      const before = await shape();
      for (const name of ["gate", "calls"])
        renameSync(join(own.stateDir, `${name}.jsonl`), join(own.stateDir, `${name}.1.jsonl`));
      const end = Date.now();
      const session = "ses_late";
      const late = { session, role: "scout", call: "call_late", tool: "read", what: "read late.ts", state: "ended" };
      const whole = { ...late, at: new Date(end).toISOString(), start: end - 2_000, end, ok: true };
      appendFileSync(join(own.stateDir, "calls.jsonl"), `${JSON.stringify(whole)}\n`);
      await view.waitForFunction((n) => document.querySelectorAll(".lanes li").length === n, before.lanes + 1);
      expect(await shape()).toEqual({ ...before, lanes: before.lanes + 1 });
    });

    it("comes back after its server was away, with what happened meanwhile, once", async () => {
      const before = await shape();
      const { port } = new URL(dashboard.base);
      await dashboard.close();
      await kind("lost");
      expect(await view.locator(".state").textContent()).toBe("Connection lost, trying again …");
      advanced("w04", "self-qa");
      dashboard = await serve(live.project, live.home, { token, port: Number(port) });
      await counts(before.events + 1);
      expect(await shape()).toEqual({ ...before, events: before.events + 1 });
      expect(await view.locator(".state.lost").count()).toBe(0);
      advanced("w05", "self-qa");
      await counts(before.events + 2);
    });

    it("comes back after the way to its server was cut", async () => {
      const before = await shape();
      wire.cut();
      advanced("w06", "self-qa");
      await counts(before.events + 1);
      await view.waitForFunction(() => document.querySelector(".state.lost") === null);
      expect(await shape()).toEqual({ ...before, events: before.events + 1 });
    });

    it("notices a way that is dead without a word", async () => {
      await view.clock.install();
      await view.reload();
      await view.waitForSelector("[data-worker=w08]");
      const before = await shape();
      wire.freeze();
      advanced("w07", "self-qa");
      await view.clock.fastForward(60_000);
      await counts(before.events + 1);
      expect(await shape()).toEqual({ ...before, events: before.events + 1 });
    });

    it("follows a swarm to its end and the next one from its beginning", async () => {
      await view.locator(".event").first().click();
      await view.getByRole("combobox", { name: "Everybody" }).selectOption("w05");
      await view.waitForSelector(".detail pre");
      own.advance(Date.now() + 3_600_000);
      await kind("ended");
      await view.waitForFunction(() => document.querySelector(".kpi.ring strong")?.textContent === "8/8");
      for (const [index, id] of ["s-20990101-000000-aaaa", "s-20990102-000000-bbbb"].entries()) {
        const file = join(own.stateDir, "swarms", id, "events.jsonl");
        mkdirSync(dirname(file));
        const [first = ""] = readFileSync(join(own.stateDir, "swarms", own.id, "events.jsonl"), "utf8").split("\n");
        const started = { ...JSON.parse(first), id, at: Date.now(), session: `ses_${id}` };
        writeFileSync(file, `${JSON.stringify(started)}\n`);
        await view.waitForFunction((n) => document.querySelector("select")?.options.length === n, index + 3);
        await counts(1);
        expect(await view.locator(".card").count()).toBe(0);
        expect(await view.locator(".detail").isHidden()).toBe(true);
        await view.waitForSelector(".tree li", { state: "attached" });
        await view.waitForFunction(() => document.querySelector(".phases .now")?.textContent?.includes("design"));
      }
      await view.getByRole("combobox", { name: "Swarm", exact: true }).selectOption(own.id);
      await kind("ended");
      expect(await view.locator(".kpi.ring strong").textContent()).toBe("8/8");
    });
  });
});
