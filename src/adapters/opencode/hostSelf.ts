import type { OpencodeClient } from "@opencode-ai/sdk/v2/client";
import { createOpencodeClient } from "@opencode-ai/sdk/v2/client";
import { withinTime } from "../../ports/timeLimit.ts";

/** Longest wait for the host's own answer (ms): it runs in the same process. */
const ANSWER_MS = 10_000;

/** The OpenCode that the plugin runs in, asked about itself and told what a person should see. */
export class HostSelf {
  private readonly client: OpencodeClient;

  constructor(transport: { baseUrl: string; fetch: typeof fetch; headers: Record<string, string> }) {
    this.client = createOpencodeClient(transport);
  }

  /** @throws where the host does not answer, or says no version */
  async version(): Promise<string> {
    const { data } = await withinTime(ANSWER_MS, [], (signal) =>
      this.client.global.health({ signal, throwOnError: true }),
    );
    return data.version;
  }

  /** Shows a message on OpenCode's screen and in its log. @throws where there is neither */
  async tell(message: string): Promise<void> {
    await withinTime(ANSWER_MS, [], async (signal) => {
      const options = { signal, throwOnError: true } as const;
      await this.client.app.log({ service: "oh-my-qwencoder", level: "error", message }, options);
      const toast = { title: "oh-my-qwencoder", message, variant: "error", duration: 60_000 } as const;
      await this.client.tui.showToast(toast, options);
    });
  }
}
