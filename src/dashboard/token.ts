import { h } from "./dom.ts";
import type { Say } from "./words.ts";

/** Asks for the token where the address brought none, or a wrong one. */
export function tokenDialog(say: Say, use: (token: string) => void): HTMLElement {
  const input = h("input", {
    attrs: { type: "password", "aria-label": say("token"), autocomplete: "off", required: "" },
  });
  const form = h("form", {}, input, h("button", { class: "primary", text: say("open"), attrs: { type: "submit" } }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // Whoever pastes the whole address means its token.
    const given = input.value.trim().replace(/^.*#token=/, "");
    if (given !== "") use(given);
  });
  return h(
    "main",
    { class: "ask" },
    h("section", { class: "panel" }, h("h1", { text: say("noToken") }), h("p", { text: say("noTokenText") }), form),
  );
}
