import type { TokenUsage } from "./tokenUsage.ts";

/** Every repair the gate can make, by the group that switches it (`gate.repair.*`); docs/model-gate.md shows each. */
export const REPAIR_KINDS = {
  textCalls: ["xmlCall", "bareXmlCall", "hermesCall", "fencedCall", "finishReason"],
  arguments: [
    "syntax",
    "truncated",
    "encodedTwice",
    "wrapped",
    "stringified",
    "objectAsText",
    "scalar",
    "singleItem",
    "enumWord",
    "nullDropped",
    "alias",
    "filled",
  ],
  toolNames: ["toolName"],
  runaway: ["closingTags", "repeatedToken", "repeatedLine", "emptyCall", "noEnd"],
  history: ["historyArguments"],
} as const;

type Groups = typeof REPAIR_KINDS;
export type RepairGroup = keyof Groups;
export type RepairKind = Groups[RepairGroup][number];
export type RunawayKind = Groups["runaway"][number];

export const EVERY_REPAIR_KIND: readonly RepairKind[] = Object.values(REPAIR_KINDS).flat();

/** `gate.repair` of the configuration; `except` names single kinds that stay off though their group is on. */
export interface RepairSwitches {
  textCalls: boolean;
  arguments: boolean;
  toolNames: boolean;
  runaway: boolean;
  history: boolean;
  except?: readonly RepairKind[];
}

export const EVERY_REPAIR: RepairSwitches = {
  textCalls: true,
  arguments: true,
  toolNames: true,
  runaway: true,
  history: true,
};

/** Says whether a kind of repair may be made. */
export type Allows = (kind: RepairKind) => boolean;

/** The switches as one question. */
export function allowsOf(switches: RepairSwitches): Allows {
  const on = new Set<RepairKind>();
  for (const group of Object.keys(REPAIR_KINDS) as RepairGroup[])
    if (switches[group]) for (const kind of REPAIR_KINDS[group]) on.add(kind);
  for (const kind of switches.except ?? []) on.delete(kind);
  return (kind) => on.has(kind);
}

/** One repair, for the log. Texts are cut to `NOTE_CHARACTERS`. */
export interface RepairNote {
  kinds: readonly RepairKind[];
  choice: number;
  tool: string;
  before: string;
  after: string;
}

export interface RepairReport {
  /** How often each kind was repaired. */
  readonly counts: Readonly<Partial<Record<RepairKind, number>>>;
  /** The first `MOST_NOTES` repairs, with what was there before. */
  readonly notes: readonly RepairNote[];
  /** Calls that are malformed and were left as they came: the host's error tells the model. */
  readonly refused: readonly { choice: number; tool: string; reason: string }[];
  /** Set once the stream was cut: the caller aborts the request at the server. */
  readonly runaway: { kind: RunawayKind; choice: number } | undefined;
  /** Whether every choice seen had its finish reason. False at the end: the stream was cut short on its way. */
  readonly finished: boolean;
  /** The finish reason of the first choice in the server's word, before any repair. */
  readonly finish: string | undefined;
  /** What the server counted, where it said so. */
  readonly usage: TokenUsage | undefined;
}

/** Of an answer that was not looked into. */
export const UNREAD: RepairReport = {
  counts: {},
  notes: [],
  refused: [],
  runaway: undefined,
  finished: true,
  finish: undefined,
  usage: undefined,
};

const NOTE_CHARACTERS = 2000;
const MOST_NOTES = 32;

/** The report while it grows. */
export interface Ledger {
  counts: Partial<Record<RepairKind, number>>;
  notes: RepairNote[];
  refused: { choice: number; tool: string; reason: string }[];
  runaway: { kind: RunawayKind; choice: number } | undefined;
  finished: boolean;
  finish: string | undefined;
  usage: TokenUsage | undefined;
}

export function emptyLedger(): Ledger {
  return {
    counts: {},
    notes: [],
    refused: [],
    runaway: undefined,
    finished: false,
    finish: undefined,
    usage: undefined,
  };
}

/** Counts a repair and keeps its note while there is room. */
export function record(ledger: Ledger, note: RepairNote): void {
  for (const kind of note.kinds) ledger.counts[kind] = (ledger.counts[kind] ?? 0) + 1;
  if (ledger.notes.length >= MOST_NOTES) return;
  ledger.notes.push({
    ...note,
    before: note.before.slice(0, NOTE_CHARACTERS),
    after: note.after.slice(0, NOTE_CHARACTERS),
  });
}

/** Keeps a refusal while there is room. */
export function refuse(ledger: Ledger, refusal: { choice: number; tool: string; reason: string }): void {
  if (ledger.refused.length < MOST_NOTES) ledger.refused.push(refusal);
}
