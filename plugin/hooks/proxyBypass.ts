import { egress } from "../../src/core/gate/egress.ts";

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/**
 * Keeps model requests off a proxy of the environment. OpenCode's `fetch` hands every request to `HTTP_PROXY`, those for
 * this machine too (measured with 1.18.33): the prompts would leave for a host that nobody allowed. Read anew by `fetch` at
 * each request, so setting it here is enough.
 *
 * @param env changed in place: `NO_PROXY` and `no_proxy`
 * @param allowHosts hosts that model requests may reach; a proxy that is among them is one the person chose
 */
export function bypassProxy(env: Record<string, string | undefined>, allowHosts: readonly string[]): void {
  const proxies = PROXIES.flatMap((name) => env[name] || []);
  if (proxies.length === 0) return;
  const isChosen = proxies.every((proxy) => {
    const verdict = egress(proxy.includes("://") ? proxy : `http://${proxy}`, allowHosts);
    return verdict.kind === "allowed" && verdict.why === "listed";
  });
  const hosts = isChosen ? LOOPBACK : [...LOOPBACK, ...allowHosts.flatMap(hostOf)];
  const present = [env.NO_PROXY, env.no_proxy].flatMap((list) => list?.split(",") ?? []).map((name) => name.trim());
  const all = [...new Set([...present.filter((name) => name !== ""), ...hosts])].join(",");
  env.NO_PROXY = all;
  env.no_proxy = all;
}

/** The bare host of an entry of `security.allowHosts`. */
function hostOf(entry: string): string[] {
  const text = entry.includes("://") ? entry : `http://${entry}`;
  return URL.canParse(text) ? [new URL(text).hostname.replace(/^\[|\]$/g, "")] : [];
}
