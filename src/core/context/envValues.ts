/** Shorter than this (characters) a value is no secret worth the name, and stands in every other text. */
const SHORTEST = 6;
/** Settings that are no secrets, and would else vanish from every text. */
const HARMLESS =
  /^(?:true|false|yes|no|on|off|none|null|undefined|development|production|staging|testing|localhost|default|enabled|disabled|warning|verbose|[\d.:]+|(?:https?|redis|postgres|postgresql|mysql|mongodb|ws|wss):\/\/[^@\s]*|[./~][\w./-]*)$/i;

/** The values of a `.env` file that must not get out: all but plain settings. Both the raw and the unquoted form. */
export function envValues(text: string): string[] {
  const values = text.split(/\r?\n/).flatMap((line) => {
    const value = /^\s*(?:export\s+)?[\w.-]+\s*[:=]\s*(.*)$/.exec(line)?.[1]?.trim();
    if (value === undefined) return [];
    const quoted = /^(["'`])(.*)\1/.exec(value)?.[2];
    return [quoted ?? value.replace(/\s+#.*$/, "")];
  });
  return [...new Set(values.filter((value) => value.length >= SHORTEST && !HARMLESS.test(value)))];
}
