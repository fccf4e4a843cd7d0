import type { FailureKind } from "../../core/gate/classifyFailure.ts";
import type { GapCounts } from "../../core/gate/gaps.ts";
import type { RepairedHistory } from "../../core/gate/repairHistory.ts";
import type { RepairReport } from "../../core/gate/report.ts";
import type { SilenceVerdict } from "../../core/gate/silence.ts";
import type { TokenUsage } from "../../core/gate/tokenUsage.ts";

/** What the gate saw of one model request. Times in ms. */
export type GateEvent = { session: string; role: string; provider: string } & (
  | { type: "refused"; host: string; rule: string }
  /** Not sent: it would go on from a report that was taken at `reportedAt` (ms since the epoch). The gate ended the turn itself. */
  | { type: "spared"; reportedAt: number }
  | { type: "retry"; attempt: number; failure: FailureKind; waitMs: number }
  /** Given up: the session gets an error. `midStream`: part of the answer had been shown. */
  | {
      type: "failed";
      attempts: number;
      failure: FailureKind;
      retryable: boolean;
      midStream: boolean;
      detail: string;
      /** What the provider asked for, from now on. */
      retryAfterMs?: number;
    }
  /** No first byte yet, and why. */
  | { type: "silent"; verdict: SilenceVerdict; waitedMs: number }
  /** The first byte came after a silence that was told. */
  | { type: "begun"; waitedMs: number }
  | { type: "repaired"; report: RepairReport; history: number; historyNotes: RepairedHistory["notes"] }
  /** `tools` is how many the request offered: 0 in one for a title or a summary. */
  | { type: "runaway"; kind: string; tools: number }
  /** The answer ended at the output limit. */
  | { type: "limited"; tools: number }
  | {
      type: "answered";
      /** From sending the request that was answered to its first bytes. */
      firstByteMs: number;
      totalMs: number;
      status: number;
      /** Waiting for a turn before anything was sent; absent where nobody waits. */
      queueMs?: number;
      finish?: string;
      tokens?: TokenUsage;
      /** Between two deliveries of the answer. */
      gaps: GapCounts;
    }
);

export type GateObserver = (event: GateEvent) => void;
