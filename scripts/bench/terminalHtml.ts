/** How a cell of a terminal looks. */
interface Look {
  fg: string | undefined;
  bg: string | undefined;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
}

const PLAIN: Look = {
  ...{ fg: undefined, bg: undefined },
  ...{ bold: false, dim: false, italic: false, underline: false, inverse: false },
};
const BACKGROUND = "#0c0c0e";
const FOREGROUND = "#d8dce6";
/** The sixteen colours of a dark terminal. */
const SIXTEEN = [
  ...["#3b4048", "#e06c75", "#8fc379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4"],
  ...["#7d8590", "#f0858d", "#a8d795", "#f0d399", "#82c4f5", "#d79bea", "#7fcfd8", "#ffffff"],
];
/** The steps of xterm's colour cube. */
const CUBE = [0, 95, 135, 175, 215, 255];

function paletteColour(n: number): string {
  if (n < 16) return SIXTEEN[n] ?? FOREGROUND;
  if (n >= 232)
    return `rgb(${Array(3)
      .fill(8 + (n - 232) * 10)
      .join(",")})`;
  const at = n - 16;
  return `rgb(${[Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((step) => CUBE[step]).join(",")})`;
}

/** Reads the colour behind 38 or 48 off the list. */
function extended(codes: number[]): string | undefined {
  const kind = codes.shift();
  if (kind === 5) return paletteColour(codes.shift() ?? 0);
  if (kind === 2) return `rgb(${codes.splice(0, 3).join(",")})`;
  return undefined;
}

/** The look after one `ESC [ … m`. */
function applied(look: Look, sequence: string): Look {
  const codes = sequence.split(/[;:]/).map((code) => Number(code || 0));
  let now = { ...look };
  while (codes.length > 0) {
    const code = codes.shift() ?? 0;
    if (code === 0) now = { ...PLAIN };
    else if (code === 1) now.bold = true;
    else if (code === 2) now.dim = true;
    else if (code === 3) now.italic = true;
    else if (code === 4) now.underline = true;
    else if (code === 7) now.inverse = true;
    else if (code === 22) now = { ...now, bold: false, dim: false };
    else if (code === 23) now.italic = false;
    else if (code === 24) now.underline = false;
    else if (code === 27) now.inverse = false;
    else if (code === 38) now.fg = extended(codes);
    else if (code === 48) now.bg = extended(codes);
    else if (code === 39) now.fg = undefined;
    else if (code === 49) now.bg = undefined;
    else if (code >= 30 && code < 38) now.fg = paletteColour(code - 30);
    else if (code >= 40 && code < 48) now.bg = paletteColour(code - 40);
    else if (code >= 90 && code < 98) now.fg = paletteColour(code - 82);
    else if (code >= 100 && code < 108) now.bg = paletteColour(code - 92);
  }
  return now;
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function span(look: Look, text: string): string {
  const [fg, bg] = look.inverse ? [look.bg ?? BACKGROUND, look.fg ?? FOREGROUND] : [look.fg, look.bg];
  const style = [
    fg && `color:${fg}`,
    bg && `background:${bg}`,
    look.bold && "font-weight:bold",
    look.italic && "font-style:italic",
    look.underline && "text-decoration:underline",
    look.dim && "opacity:.72",
  ].filter(Boolean);
  return style.length === 0 ? escaped(text) : `<span style="${style.join(";")}">${escaped(text)}</span>`;
}

/**
 * A page that looks like a terminal's window with this on it.
 *
 * @param screen what `tmux capture-pane -e -p` printed: text and `ESC [ … m`
 * @param about what stands in the window's title
 */
export function terminalHtml(screen: string, about: string): string {
  let look = PLAIN;
  const body = screen
    .trimEnd()
    // Two cells wide, as in the terminal; a machine without an emoji font would draw an empty box.
    .replaceAll("✅", "✔ ")
    .replaceAll("❌", "✘ ")
    .replaceAll("⬝", "·")
    .split("\u001b[")
    .map((part, index) => {
      const sequence = index === 0 ? undefined : /^([\d;:]*)m/u.exec(part)?.[1];
      if (sequence !== undefined) look = applied(look, sequence);
      return span(look, sequence === undefined ? part : part.slice(sequence.length + 1));
    })
    .join("");
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: transparent }
    figure { display: inline-block; margin: 0; background: ${BACKGROUND}; border: 1px solid #4b5263; border-radius: 10px; overflow: hidden }
    figcaption { font: 13px "DejaVu Sans", sans-serif; color: #aeb4c0; background: #1d2028; padding: 7px 14px; text-align: center }
    pre { margin: 0; padding: 10px 14px 14px; color: ${FOREGROUND}; font: 14px/1.17 "DejaVu Sans Mono", monospace }
  </style><figure><figcaption>${escaped(about)}</figcaption><pre>${body}</pre></figure>`;
}
