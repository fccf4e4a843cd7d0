export interface Notice {
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly tags: readonly string[];
  readonly pinned: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
}

export interface NewNotice {
  title: string;
  body: string;
  author: string;
  tags?: readonly string[];
  pinned?: boolean;
}

export type BoardEvent =
  | { type: "posted"; notice: Notice }
  | { type: "changed"; notice: Notice }
  | { type: "removed"; id: string };

/** The board's notices. Whoever implements it announces each change as a `BoardEvent`. */
export interface NoticeStore {
  /** Throws `InvalidNotice` when the title or the author is missing. */
  add(input: NewNotice): Notice;
  get(id: string): Notice | undefined;
  /** Pinned first, then newest first. */
  list(): readonly Notice[];
  /** Undefined when there is no such notice. */
  pin(id: string, pinned: boolean): Notice | undefined;
  remove(id: string): boolean;
}

export class InvalidNotice extends Error {
  override readonly name = "InvalidNotice";
}
