interface Line {
  mark: " " | "-" | "+";
  text: string;
}

/** Longest common subsequence over lines, quadratic in time and memory: only for what two texts do not begin and end with. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const table = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const same = before[i] === after[j];
      table[i * width + j] = same
        ? (table[(i + 1) * width + j + 1] ?? 0) + 1
        : Math.max(table[(i + 1) * width + j] ?? 0, table[i * width + j + 1] ?? 0);
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ mark: " ", text: before[i] ?? "" });
      i++;
      j++;
    } else if (
      j >= after.length ||
      (i < before.length && (table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0))
    ) {
      lines.push({ mark: "-", text: before[i++] ?? "" });
    } else lines.push({ mark: "+", text: after[j++] ?? "" });
  }
  return lines;
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const same = (texts: readonly string[]) => texts.map((text): Line => ({ mark: " ", text }));
  return [
    ...same(before.slice(0, start)),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ];
}

const split = (text: string | undefined) =>
  text === undefined || text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);

/** A unified diff with three lines around each change; "" where nothing differs. `undefined` stands for no file. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
  if (before === after) return "";
  const lines = compare(split(before), split(after));
  const near = (index: number) => lines.slice(Math.max(0, index - 3), index + 4).some((line) => line.mark !== " ");
  const out = [`--- ${before === undefined ? "/dev/null" : path}`, `+++ ${after === undefined ? "/dev/null" : path}`];
  let gap = true;
  for (const [index, line] of lines.entries()) {
    if (!near(index)) {
      gap = true;
      continue;
    }
    if (gap) {
      const old = lines.slice(0, index).filter((earlier) => earlier.mark !== "+").length + 1;
      const fresh = lines.slice(0, index).filter((earlier) => earlier.mark !== "-").length + 1;
      out.push(`@@ -${old} +${fresh} @@`);
      gap = false;
    }
    out.push(line.mark + line.text);
  }
  return `${out.join("\n")}\n`;
}
