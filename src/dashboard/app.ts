import { h } from "./dom.ts";
import { events } from "./events.ts";
import { gpu } from "./gpu.ts";
import { type Connection, head } from "./head.ts";
import { hero } from "./hero.ts";
import { keepLanguage, keepTheme, keepToken, rememberedLanguage, rememberedTheme, takeToken } from "./memory.ts";
import type { Panel } from "./panel.ts";
import { routing } from "./routing.ts";
import { scopes } from "./scopes.ts";
import { State } from "./state.ts";
import { follow } from "./stream.ts";
import { timeline } from "./timeline.ts";
import { tokenDialog } from "./token.ts";
import { type Language, type Say, speaker } from "./words.ts";
import { workers } from "./workers.ts";

/** The page: follows one swarm and shows it. */
export class App {
  private readonly page: HTMLElement;
  private readonly state = new State();
  private token = "";
  private language: Language = "en";
  private swarm = "";
  private connection: Connection = "connecting";
  private shown: (() => void) | undefined;
  private stream = new AbortController();
  private waiting = false;

  constructor(page: HTMLElement) {
    this.page = page;
  }

  begin(): void {
    this.token = takeToken();
    this.language = rememberedLanguage();
    const theme = () => {
      document.documentElement.dataset.theme = rememberedTheme();
      this.later();
    };
    theme();
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", theme);
    window.addEventListener("hashchange", () => {
      this.token = takeToken();
      this.draw();
      this.connect();
    });
    this.draw();
    this.connect();
    setInterval(() => this.shown?.(), 1_000);
  }

  private connect(): void {
    this.stream.abort();
    this.stream = new AbortController();
    if (this.token === "") return;
    void follow(this.token, this.swarm, this.stream.signal, {
      start: (whole) => {
        this.connection = "live";
        this.state.start(whole);
        this.later();
      },
      patch: (changed) => {
        this.state.patch(changed);
        this.later();
      },
      lost: (why) => {
        this.connection = "lost";
        if (why === "token") this.use("");
        if (why === "gone" && this.swarm !== "") {
          this.swarm = "";
          this.connect();
        }
        this.later();
      },
    });
  }

  /** Goes on with another token; without one the page asks for it. */
  private use(token: string): void {
    this.token = token;
    keepToken(token);
    this.connection = "connecting";
    this.draw();
    this.connect();
  }

  /** Shows what is new with the browser's next picture: changes that come together are one. */
  private later(): void {
    if (this.waiting) return;
    this.waiting = true;
    const show = () => {
      this.waiting = false;
      this.shown?.();
    };
    // A page that nobody sees gets no pictures; what it says goes on all the same.
    if (document.hidden) setTimeout(show, 100);
    else requestAnimationFrame(show);
  }

  private async detailOf(n: number): Promise<string> {
    const query = new URLSearchParams({ n: String(n), ...(this.swarm === "" ? {} : { swarm: this.swarm }) });
    const response = await fetch(`/api/event?${query}`, { headers: { authorization: `Bearer ${this.token}` } });
    return response.ok ? JSON.stringify(await response.json(), null, 2) : `HTTP ${response.status}`;
  }

  /** Makes the page anew: at first, and in another language. */
  private draw(): void {
    const say = speaker(this.language);
    document.documentElement.lang = this.language;
    document.title = `Aegis · ${say("title")}`;
    this.shown = undefined;
    if (this.token === "") {
      this.page.replaceChildren(tokenDialog(say, (given) => this.use(given)));
      return;
    }
    const top = head(say, this.language, {
      swarm: (id) => {
        this.swarm = id;
        this.connect();
      },
      theme: () => {
        keepTheme(rememberedTheme() === "dark" ? "light" : "dark");
        document.documentElement.dataset.theme = rememberedTheme();
        this.later();
      },
      language: (next) => {
        this.language = next;
        keepLanguage(next);
        this.draw();
      },
    });
    const panels: Panel[] = [
      ...[hero(say, this.language), workers(say, this.language), gpu(say), timeline(say)],
      ...[events(say, (n) => this.detailOf(n)), scopes(say), routing(say)],
    ];
    const empty = welcome(say);
    const main = h("main", { id: "main" }, empty, ...panels.map(({ root }) => root));
    this.page.replaceChildren(h("a", { class: "skip", text: say("skip"), attrs: { href: "#main" } }), top.root, main);
    this.shown = () => {
      const { feed } = this.state;
      top.update(this.state, this.connection, this.swarm);
      main.classList.toggle("waiting", !feed);
      main.classList.toggle("none", feed?.view.swarm === null);
      empty.hidden = feed?.view.swarm !== null;
      if (feed) for (const panel of panels) panel.update(this.state);
    };
    this.shown();
  }
}

/** Where the project had no swarm yet. */
function welcome(say: Say): HTMLElement {
  return h(
    "section",
    { class: "panel welcome" },
    h("h2", { text: say("empty") }),
    h("p", { text: say("emptyText") }),
    h("p", {}, `${say("emptyHint")} `, h("code", { text: "oh-my-qwencoder demo" })),
  );
}
