/** What a session left in the server's cache. */
export interface Left {
  /** Undefined for what nobody will ask for again. */
  session?: string;
  tokens: number;
  /** Nothing of it was forgotten yet. */
  whole: boolean;
}

/**
 * The server's prefix cache, as the swarm's own requests fill it. Blocks that no request uses keep their content until their
 * place is needed; what was unused longest is forgotten first. All in tokens, with what each session takes beside its own.
 */
export interface CacheMirror {
  /** What the pool holds. */
  size: number;
  /** What each session takes beside its tokens: half of it while a request runs, the other half as long as it is kept. */
  beside: number;
  /** Without content; below nothing where more is under way than fits. */
  blank: number;
  /** In use by nobody, longest unused first. */
  left: readonly Left[];
  /** Tokens taken per ms, of late. */
  pace: number;
  paceAt: number;
}

/** A session with the tokens of its last request, or of its next. */
export interface Cached {
  session: string;
  tokens: number;
}

/** A prompt is read in pieces of so many tokens: `max-num-batched-tokens` of the recipes. A model with recurrent layers
 * keeps its state after each, and only the last one will be used. */
const PIECE = 8_192;
/** Over what time the pace is taken (ms): some turns of a session. */
const PACE_MS = 4_000;

/** @param underWay sessions with a request at the server. */
export function emptyMirror(size: number, beside: number, underWay: readonly Cached[], now: number): CacheMirror {
  const taken = underWay.reduce((sum, { tokens }) => sum + tokens + beside, 0);
  return { size, beside, blank: size - taken, left: [], pace: 0, paceAt: now };
}

/** Whether all that a session left is still there. */
export function isWhole(mirror: CacheMirror, session: string): boolean {
  return mirror.left.some((each) => each.session === session && each.whole);
}

/** Tokens that have to be taken, from what is blank and then from what was unused longest, for a request of a session that
 * has none under way. */
export function wanted(mirror: CacheMirror, next: Cached): number {
  const own = mirror.left.find((each) => each.session === next.session);
  return Math.max(0, next.tokens + mirror.beside + behind(mirror, own, next) - (own?.tokens ?? 0));
}

/**
 * How much can be taken before the first token of what a session left is forgotten.
 * @param taker who takes; its own is no room for it.
 */
export function ahead(mirror: CacheMirror, session: string, taker?: string): number {
  let sum = mirror.blank;
  for (const each of mirror.left) {
    if (each.session === session) return each.whole ? sum : 0;
    if (taker === undefined || each.session !== taker) sum += each.tokens;
  }
  return 0;
}

/** Tokens taken per ms at a time. */
export function paceAt(mirror: CacheMirror, now: number): number {
  return mirror.pace * Math.exp((mirror.paceAt - now) / PACE_MS);
}

/**
 * A request goes.
 * @param underWay tokens of the session that are in use already, by another request of it.
 */
export function used(mirror: CacheMirror, next: Cached, now: number, underWay: number | undefined): CacheMirror {
  if (underWay !== undefined) return taken(mirror, Math.max(0, next.tokens - underWay), now);
  const own = mirror.left.find((each) => each.session === next.session);
  const rest = mirror.left.filter((each) => each !== own);
  const states = behind(mirror, own, next);
  const spare = Math.max(0, (own?.tokens ?? 0) - next.tokens - mirror.beside - states);
  const after = taken({ ...mirror, left: rest, blank: mirror.blank + spare }, wanted(mirror, next), now);
  return { ...after, left: joined([...after.left, { tokens: states, whole: false }]) };
}

/** A session's last request under way ended; its running state is free, all else stays behind. */
export function leftBehind(mirror: CacheMirror, { session, tokens }: Cached): CacheMirror {
  const state = mirror.beside / 2;
  return {
    ...mirror,
    blank: mirror.blank + state,
    left: [...mirror.left, { session, tokens: tokens + mirror.beside - state, whole: true }],
  };
}

/** A session's work is over: nobody will ask for what it left. */
export function over(mirror: CacheMirror, session: string): CacheMirror {
  const left = mirror.left.map((each) => (each.session === session ? { tokens: each.tokens, whole: false } : each));
  return { ...mirror, left: joined(left) };
}

/** States that the request leaves behind at once: of each piece but the last, or the one it goes on from. */
function behind({ beside }: CacheMirror, own: Left | undefined, { tokens }: Cached): number {
  return (beside / 2) * (own?.whole ? 1 : Math.floor(tokens / PIECE));
}

function taken(mirror: CacheMirror, count: number, now: number): CacheMirror {
  let missing = Math.max(0, count - Math.max(0, mirror.blank));
  const left: Left[] = [];
  for (const each of mirror.left) {
    const lost = Math.min(missing, each.tokens);
    missing -= lost;
    if (lost === 0) left.push(each);
    else if (lost < each.tokens) left.push({ ...each, tokens: each.tokens - lost, whole: false });
  }
  const blank = mirror.blank >= count ? mirror.blank - count : Math.min(mirror.blank, 0) - missing;
  return { ...mirror, blank, left, pace: paceAt(mirror, now) + count / PACE_MS, paceAt: now };
}

/** The same with neighbours that are nobody's as one: the list is as long as there are sessions, not as there were turns. */
function joined(left: readonly Left[]): readonly Left[] {
  const list: Left[] = [];
  for (const each of left) {
    const last = list.at(-1);
    if (each.tokens === 0) continue;
    if (last && last.session === undefined && each.session === undefined)
      list.splice(-1, 1, { tokens: last.tokens + each.tokens, whole: false });
    else list.push(each);
  }
  return list;
}
