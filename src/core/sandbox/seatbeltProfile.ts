/** One step of what may be written, outer directories first: a later one decides about what lies below it. */
export interface WriteRule {
  /** Absolute, links resolved. */
  path: string;
  allow: boolean;
}

export interface SeatbeltInput {
  writes: readonly WriteRule[];
  /** Absolute paths whose content is nobody's to read: credentials of the home. */
  hidden: readonly string[];
  /** Writable directory that stands in for the temporary one. */
  tmp: string;
}

/** Devices that programs write to without changing anything. */
const DEVICES = ["/dev/null", "/dev/zero", "/dev/dtracehelper", "/dev/stdout", "/dev/stderr"];

/**
 * macOS's sandbox profile (SBPL) of what bubblewrap does on Linux: the disk read-only but for the rules, no network
 * (loopback and Unix sockets of the host included), no process outside signalled or inspected. In SBPL the last
 * rule that matches decides.
 *
 * It has no private view of the file system: what Linux shows elsewhere or as empty is refused here.
 */
export function seatbeltProfile({ writes, hidden, tmp }: SeatbeltInput): string {
  const rules = writes.map(({ path, allow }) => `(${allow ? "allow" : "deny"} file-write* (subpath ${quoted(path)}))`);
  // A directory moved away would take what is read-only in it along.
  const above = new Set(writes.filter(({ allow }) => !allow).flatMap(({ path }) => ancestors(path)));
  return [
    "(version 1)",
    "(allow default)",
    "(deny network*)",
    "(deny signal)",
    "(allow signal (target same-sandbox))",
    "(deny process-info*)",
    "(allow process-info* (target same-sandbox))",
    "(deny mach-priv-task-port)",
    "(deny mach-register)",
    "(deny mach-lookup)",
    '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo") (global-name "com.apple.system.logger"))',
    "(deny appleevent-send)",
    "(deny job-creation)",
    "(deny system-socket)",
    "(deny file-write*)",
    ...DEVICES.map((device) => `(allow file-write-data (literal ${quoted(device)}))`),
    `(allow file-write* (subpath ${quoted(tmp)}))`,
    // Programs of the call that talk to each other.
    ...["network-bind", "network-outbound"].map((kind) => `(allow ${kind} (subpath ${quoted(tmp)}))`),
    ...rules,
    ...[...above].sort().map((path) => `(deny file-write-unlink (literal ${quoted(path)}))`),
    ...hidden.map((path) => `(deny file-read* file-write* (subpath ${quoted(path)}))`),
    "",
  ].join("\n");
}

/** A string of SBPL, which is Scheme's. */
function quoted(path: string): string {
  return `"${path.replace(/[\\"]/gu, "\\$&")}"`;
}

function ancestors(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
}
