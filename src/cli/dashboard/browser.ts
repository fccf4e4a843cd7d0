import { execa } from "execa";

/** Whether this process sees a screen on which a browser could come up. */
export function hasScreen(env: Readonly<Record<string, string | undefined>>): boolean {
  return process.platform !== "linux" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Asks the system to show `url`. Resolves with whether it took it; the browser's end is not waited for. */
export async function openBrowser(url: string): Promise<boolean> {
  const [file, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", url]
        : ["xdg-open", url];
  if (file === undefined) return false;
  const { failed } = await execa(file, args, { reject: false, stdio: "ignore", timeout: 10_000, detached: true });
  return !failed;
}
