import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import type { InstallOptions } from "./options.ts";

export const defaultBaseUrl = "http://127.0.0.1:8001/v1";
export const defaultModel = "qwen3-coder-next";

/** Refuses values that could only make a broken configuration (exit 2). */
export function checkOptions(io: Io, options: InstallOptions): void {
  const wrong = (key: "install.badUrl" | "install.badEnv" | "install.badModel", value: string) =>
    new CliFailure(say(io.lang, key, { value }), { exitCode: 2, next: say(io.lang, "install.badOption.next") });
  if (options.baseUrl !== undefined) {
    const url = URL.canParse(options.baseUrl) ? new URL(options.baseUrl) : undefined;
    // A password in a URL would end in a committed file; that is what --api-key-env is for.
    if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "" || url.username !== "" || url.password !== "") {
      throw wrong("install.badUrl", options.baseUrl);
    }
  }
  if (options.apiKeyEnv !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(options.apiKeyEnv)) {
    throw wrong("install.badEnv", options.apiKeyEnv);
  }
  if (options.model !== undefined && !/^[^\s"'{}\\]+$/.test(options.model))
    throw wrong("install.badModel", options.model);
}
