/** One family of an exposition. */
export interface Family {
  name: string;
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const SUFFIXES: Record<string, readonly string[]> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/**
 * Reads Prometheus' text format as strictly as `promtool check metrics` does, and more so: every family has one HELP and one
 * TYPE before its samples, no series twice, counters end in `_total`, histograms add up.
 *
 * @throws Error that names the line
 */
export function strictExposition(text: string): Family[] {
  if (!text.endsWith("\n")) throw new Error("the last line is not ended");
  const families: Family[] = [];
  const series = new Set<string>();
  let help: { name: string; text: string } | undefined;
  for (const [index, line] of text.slice(0, -1).split("\n").entries()) {
    const fail = (why: string) => new Error(`line ${index + 1}: ${why}: ${line}`);
    if (line === "") continue;
    if (line.startsWith("# HELP ")) {
      const [, name = "", words = ""] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
      if (!NAME.test(name) || words === "") throw fail("no help");
      if (families.some((family) => family.name === name)) throw fail("told twice");
      help = { name, text: words };
      continue;
    }
    if (line.startsWith("# TYPE ")) {
      const [, name = "", type = ""] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
      if (!help || name !== help.name) throw fail("a type without its help");
      if (type === "counter" && !name.endsWith("_total")) throw fail("a counter's name ends in _total");
      families.push({ name, type, help: help.text, samples: [] });
      continue;
    }
    if (line.startsWith("#")) throw fail("an unknown comment");
    const [, name = "", inside, word = ""] = SAMPLE.exec(line) ?? [];
    const family = families.at(-1);
    const suffix = family && name.startsWith(family.name) ? name.slice(family.name.length) : undefined;
    if (!family || suffix === undefined || !SUFFIXES[family.type]?.includes(suffix))
      throw fail("a sample of no family");
    const labels = readLabels(inside, fail);
    const value = readValue(word, fail);
    const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
    if (series.has(key)) throw fail("a series twice");
    series.add(key);
    if (family.type === "counter" && value < 0) throw fail("a counter below 0");
    family.samples.push({ name, labels, value });
  }
  for (const family of families) if (family.type === "histogram") checkHistogram(family);
  return families;
}

function readLabels(inside: string | undefined, fail: (why: string) => Error): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = inside ?? "";
  while (rest !== "") {
    const match = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/.exec(rest);
    const [whole, name = "", value = ""] = match ?? [];
    if (whole === undefined || Object.hasOwn(labels, name) || name.startsWith("__")) throw fail("labels");
    labels[name] = value.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
    rest = rest.slice(whole.length);
  }
  return labels;
}

function readValue(word: string, fail: (why: string) => Error): number {
  if (word === "+Inf") return Number.POSITIVE_INFINITY;
  if (word === "-Inf") return Number.NEGATIVE_INFINITY;
  if (word === "NaN") throw fail("no number");
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(word)) throw fail("no value");
  return Number(word);
}

function checkHistogram({ name, samples }: Family): void {
  const groups = new Map<string, { last: number; le: number; count?: number }>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(Object.entries(labels).sort());
    const group = groups.get(key) ?? { last: 0, le: Number.NEGATIVE_INFINITY };
    groups.set(key, group);
    if (sample.name.endsWith("_count")) group.count = sample.value;
    if (!sample.name.endsWith("_bucket")) continue;
    const bound = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
    if (!(bound > group.le) || sample.value < group.last) throw new Error(`${name}: buckets do not rise`);
    Object.assign(group, { le: bound, last: sample.value });
  }
  for (const { le, last, count } of groups.values())
    if (le !== Number.POSITIVE_INFINITY || last !== count) throw new Error(`${name}: the buckets do not add up`);
}
