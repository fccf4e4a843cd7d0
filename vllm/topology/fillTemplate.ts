/** What stands for a name in a template. */
export type TemplateValues = Readonly<Record<string, string | number>>;

/** A name that a template has and nobody filled, or the reverse of it; the message names it. */
export class TemplateMismatch extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TemplateMismatch";
  }
}

const EACH = /^\{\{#each\}\}\n([\s\S]*?)^\{\{\/each\}\}\n/gm;
const NAME = /\{\{(\w+)\}\}/g;

function fill(text: string, values: TemplateValues): string {
  return text.replaceAll(NAME, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TemplateMismatch(`nothing is known for {{${name}}}`);
    return String(value);
  });
}

/**
 * Fills `{{name}}`, and repeats what lies between the lines `{{#each}}` and `{{/each}}` for every item, whose names win.
 * Unlike the usual template languages it throws at a name without a value: a file that serves a model has no blanks.
 */
export function fillTemplate(text: string, values: TemplateValues, items: readonly TemplateValues[]): string {
  const repeated = text.replaceAll(EACH, (_, part: string) =>
    items.map((item) => fill(part, { ...values, ...item })).join(""),
  );
  const filled = fill(repeated, values);
  if (filled.includes("{{")) throw new TemplateMismatch("a {{ is left in the template");
  return filled;
}
