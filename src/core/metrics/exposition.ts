/** One sample of a Prometheus text exposition. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

const numberOf = (word: string): number =>
  word === "+Inf" ? Number.POSITIVE_INFINITY : word === "-Inf" ? Number.NEGATIVE_INFINITY : Number(word);

/** The samples of a text in Prometheus' format. Lines that are none are passed over: a cut answer still says what it says. */
export function readExposition(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    const match = LINE.exec(line);
    if (!match) continue;
    const [, name = "", labelText = "", word = ""] = match;
    const labels: Record<string, string> = {};
    for (const [, label = "", raw = ""] of labelText.matchAll(LABEL))
      labels[label] = raw.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
    samples.push({ name, labels, value: numberOf(word) });
  }
  return samples;
}
