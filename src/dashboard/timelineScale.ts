/** What part of the time is shown, in ms since the epoch. */
export interface Window {
  from: number;
  to: number;
}

/** Closer than this nothing more is to be seen (ms). */
const CLOSEST = 500;

/** The window `by` times as wide around the point at `at` of it (0 to 1), inside `whole`. */
export function zoomed({ from, to }: Window, by: number, at: number, whole: Window): Window {
  const width = Math.min(whole.to - whole.from, Math.max(CLOSEST, (to - from) * by));
  const centre = from + (to - from) * at;
  return inside({ from: centre - width * at, to: centre + width * (1 - at) }, whole);
}

/** The window moved by `by` of its own width, inside `whole`. */
export function moved({ from, to }: Window, by: number, whole: Window): Window {
  const width = (to - from) * by;
  return inside({ from: from + width, to: to + width }, whole);
}

function inside({ from, to }: Window, whole: Window): Window {
  const width = to - from;
  const start = Math.max(whole.from, Math.min(from, whole.to - width));
  return { from: start, to: start + width };
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400] as const;

/** Marks of the axis, ms since `start`: at most `most` of them, at round times. */
export function ticks({ from, to }: Window, start: number, most: number): number[] {
  const seconds = (to - from) / 1_000;
  const step = (STEPS.find((each) => seconds / each <= most) ?? 28_800) * 1_000;
  const marks: number[] = [];
  for (let at = Math.ceil((from - start) / step) * step; at <= to - start; at += step) marks.push(at);
  return marks;
}

/** `0:05`, `12:30`, `1:02:03`; with tenths where marks are closer than a second. */
export function clock(ms: number, fine: boolean): string {
  const seconds = ms / 1_000;
  const whole = Math.floor(Math.abs(seconds) + 1e-9);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const tenths = fine ? `.${Math.round((Math.abs(seconds) - whole) * 10)}` : "";
  const two = (n: number) => String(n).padStart(2, "0");
  return `${seconds < -1e-9 ? "-" : ""}${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(rest)}${tenths}`;
}
